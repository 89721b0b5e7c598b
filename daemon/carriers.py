"""Carriers by the names that shops, TikTok and shipping software give them. Pure data.

The carriers are those of TikTok Shipping's markets and those that label software names beside them. A name that is not
here is nobody's: it is kept as it came.
"""

from collections.abc import Mapping

#: each carrier's name here, and its other ones; letters, capitals, dots, dashes and accents do not matter
CARRIERS: Mapping[str, tuple[str, ...]] = {
    # United States
    "USPS": ("US Postal Service", "United States Postal Service", "US Post", "US Mail"),
    "UPS": ("United Parcel Service",),
    "FedEx": ("Federal Express", "Fed Ex"),
    "DHL eCommerce": ("DHL e-Commerce", "DHL Global Mail"),
    "DHL Express": (),
    "DHL": ("DHL Paket", "DHL Parcel"),
    "OnTrac": ("On Trac",),
    "LaserShip": ("Laser Ship",),
    "Amazon Shipping": ("Amazon Logistics", "Amazon", "AMZL"),
    "UniUni": ("Uni Uni",),
    "SpeedX": ("Speed X", "SpeedX Delivery"),
    "GOFO": ("GOFO Express",),
    "Veho": (),
    # United Kingdom and the rest of Europe
    "Evri": ("Evri (Hermes UK)", "Hermes UK", "MyHermes", "Hermes (Evri)", "Hermes Evri", "Evri Hermes"),
    "Hermes": ("Hermes Germany", "Hermes DE"),
    "DPD": ("DPD UK", "DPD Germany", "DPD DE", "DPD Local", "Dynamic Parcel Distribution"),
    "Royal Mail": ("RoyalMail",),
    "Parcelforce": ("Parcelforce Worldwide", "Parcel Force"),
    "Yodel": (),
    "InPost": ("In Post",),
    "Mondial Relay": (),
    "Colis Privé": ("Colisprivé",),
    "Colissimo": (),
    "Chronopost": (),
    "La Poste": (),
    "Correos": (),
    "Correos Express": (),
    "SEUR": (),
    "CTT": ("CTT Express", "CTT Correios"),
    "BRT": ("BRT Bartolini", "Bartolini"),
    "Poste Italiane": (),
    "GLS": ("General Logistics Systems", "GLS Spain", "GLS Italy", "GLS Germany"),
    "Deutsche Post": (),
    "Cainiao": ("Cainiao Network",),
    # South-East Asia
    "J&T Express": ("J&T", "JT Express", "JNT Express", "JNT", "J&T Cargo"),
    "Ninja Van": ("NinjaVan", "Ninja Xpress"),
    "Flash Express": ("FlashExpress",),
    "SPX Express": ("SPX", "Shopee Xpress", "Shopee Express"),
    "JNE": ("JNE Express",),
    "SiCepat": ("Si Cepat", "SiCepat Ekspres", "SiCepat Express"),
    "AnterAja": ("Anter Aja",),
    "ID Express": ("IDExpress", "ID Xpress"),
    "GHN": ("Giao Hàng Nhanh", "GHN Express"),
    "GHTK": ("Giao Hàng Tiết Kiệm",),
    "Viettel Post": ("ViettelPost",),
    "VNPost": ("Vietnam Post", "VN Post"),
    "Thailand Post": ("ThailandPost", "Thai Post"),
    "Kerry Express": (),
    "BEST Express": ("BEST Inc",),
    "Pos Malaysia": ("Pos Laju", "PosLaju"),
    "City-Link Express": ("City-Link",),
    "LBC Express": ("LBC",),
    "SingPost": ("Singapore Post",),
    # Brazil, Mexico, Japan
    "Correios": ("Correios Brasil",),
    "Loggi": (),
    "Jadlog": (),
    "Estafeta": (),
    "Paquetexpress": ("Paquete Express",),
    "Redpack": (),
    "99minutos": ("99 minutos",),
    "iMile": ("iMile Delivery",),
    "Yamato Transport": ("Yamato", "Kuroneko Yamato"),
    "Sagawa Express": ("Sagawa",),
    "Japan Post": ("Japan Post Co",),
    # across borders
    "4PX": ("4PX Express",),
    "YunExpress": ("Yun Express",),
}
