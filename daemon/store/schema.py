"""Tables of the database; migrations build the same (a test compares them). Times are Unix seconds."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(36), primary_key=True),
    # identity of the event; once per event is this constraint
    Column("identity", Text, nullable=False, unique=True),
    # identity as it came: bare events may come again after the duplicate window under a new `identity`
    Column("event_key", Text, nullable=False),
    Column("received_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("revision", Integer, nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("reason", String(60), nullable=False),
    Column("message", Text, nullable=False),
    Column("printer", Text),
    Column("outcome", String(20)),
    Column("level", String(20)),
    Column("labels", Integer),
    Column("event_id", Text),
    Column("shop_id", Text),
    Column("package_id", Text),
    Column("order_ids", JSON, nullable=False),
    Column("tracking_number", Text),
    Column("carrier", Text),
    Column("document_type", Text),
    Column("station", Text),
    Column("requested_printer", Text),
    Column("media", Text),
    Column("design_dpi", Integer),
    Column("copies", Integer, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("useful_until", Float),
    # since when it waits for its printer; NULL: since it was received
    Column("waits_since", Float),
    Column("tags", JSON, nullable=False),
    # the event's job, whose asset a part shares
    Column("part_of", String(36), ForeignKey("jobs.id")),
    # numbers of pages; SQL's NULL for all
    Column("pages", JSON(none_as_null=True)),
    Column("role", String(20)),
    # the job of the same parcel that it was compared with
    Column("rival", String(36), ForeignKey("jobs.id")),
    # what an event said that came too late to stop it
    Column("withdrawn", String(20)),
    # the job whose bytes a person had printed again, and the number of that
    Column("reprint_of", String(36), ForeignKey("jobs.id")),
    Column("reprint", Integer),
    # what retention took; a trigger refuses it for jobs that are not ended
    Column("removed", String(20)),
    Column("duplicates", Integer, nullable=False),
)
# the question of spooler and preparer: next pending jobs of a printer, by priority, then age
Index("ix_jobs_queue", jobs.c.state, jobs.c.printer, jobs.c.priority.desc(), jobs.c.id)
# lists by state and by printer, newest first
Index("ix_jobs_state", jobs.c.state, jobs.c.id)
Index("ix_jobs_printer", jobs.c.printer, jobs.c.state, jobs.c.id)
# what retention has still to look at, oldest first
Index("ix_jobs_removed", jobs.c.removed, jobs.c.id)
Index("ix_jobs_event_key", jobs.c.event_key, jobs.c.received_at)
Index("ix_jobs_tracking_number", jobs.c.tracking_number)
Index("ix_jobs_package_id", jobs.c.package_id)
Index("ix_jobs_event_id", jobs.c.event_id)
Index("ix_jobs_part_of", jobs.c.part_of)
Index("ix_jobs_rival", jobs.c.rival)
Index("ix_jobs_withdrawn", jobs.c.withdrawn)
Index("ix_jobs_reprint_of", jobs.c.reprint_of)

# the orders of each event's job, to find it when one is canceled
orders = Table(
    "orders",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("job_id", String(36), ForeignKey("jobs.id"), primary_key=True),
    Index("ix_orders_job_id", "job_id"),
)

assets = Table(
    "assets",
    metadata,
    Column("job_id", String(36), ForeignKey("jobs.id"), primary_key=True),
    Column("media_type", Text),
    Column("data", LargeBinary, nullable=False),
)

# labels that their events did not bring, as long as they are not there; links are secrets, so they are sealed
fetches = Table(
    "fetches",
    metadata,
    Column("job_id", String(36), ForeignKey("jobs.id"), primary_key=True),
    # what it waits in line with: links of a host, or packages of a shop
    Column("lane", Text, nullable=False),
    Column("wanted", LargeBinary, nullable=False),
    # of what is sealed, so that the same is known again
    Column("digest", String(64), nullable=False),
    Column("tries", Integer, nullable=False),
    # NULL: not before a person, or another event, has it tried again
    Column("next_at", Float),
    # when trying ends
    Column("until", Float, nullable=False),
    # whether its orders are looked at first; not once a person had it printed all the same
    Column("look", Boolean, nullable=False),
)

# what the render worker made of the asset, for one printer's resolution and stock
artworks = Table(
    "artworks",
    metadata,
    Column("job_id", String(36), ForeignKey("jobs.id"), primary_key=True),
    Column("made_for", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("labels", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("dpi", Integer, nullable=False),
    Column("notes", JSON, nullable=False),
)

# the journal of intents: a row is committed before the first byte, its outcome after the evidence
attempts = Table(
    "attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("job_id", String(36), ForeignKey("jobs.id"), nullable=False),
    Column("printer", Text, nullable=False),
    Column("serial", Text),
    Column("payload_sha256", String(64), nullable=False),
    Column("labels", Integer, nullable=False),
    Column("odometer_before", Integer),
    Column("started_at", Float, nullable=False),
    Column("odometer_after", Integer),
    Column("ended_at", Float),
    Column("outcome", String(20)),
    Column("level", String(20)),
    Column("because", Text),
    # how the printer was before the first byte and at the last look, and when the last byte was handed over
    Column("state_before", Text),
    Column("state_after", Text),
    Column("sent_at", Float),
    Index("ix_attempts_job_id", "job_id"),
    Index("ix_attempts_open", "printer", "ended_at"),
    Index("ix_attempts_outcome", "printer", "serial", "outcome"),
)
# what a crash left, and which printers ever told a counter
Index("ix_attempts_unended", attempts.c.printer, sqlite_where=attempts.c.ended_at.is_(None))
Index(
    "ix_attempts_counted", attempts.c.printer, attempts.c.serial, sqlite_where=attempts.c.odometer_before.is_not(None)
)

# append-only: triggers refuse UPDATE and DELETE, save what retention does to ended jobs (migration 0008)
ledger = Table(
    "ledger",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("job_id", String(36), ForeignKey("jobs.id"), nullable=False),
    Column("at", Float, nullable=False),
    Column("state", String(20), nullable=False),
    Column("reason", String(60), nullable=False),
    Column("words", Text, nullable=False),
    Index("ix_ledger_job_id", "job_id"),
)

rejections = Table(
    "rejections",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", String(80), nullable=False),
    Column("first_at", Float, nullable=False),
    Column("last_at", Float, nullable=False),
    Column("times", Integer, nullable=False),
    Column("source", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("because", Text, nullable=False),
    Column("size", Integer, nullable=False),
    # the beginning of the payload, for whoever corrects it
    Column("payload", LargeBinary, nullable=False),
    # who sent it anew, and what became of that; such ones are not shown any more
    Column("answer", Text),
    UniqueConstraint("digest"),
    Index("ix_rejections_last_at", "last_at"),
)

# ids of events whose label another event had brought before, and its job
aliases = Table(
    "aliases",
    metadata,
    Column("event_key", Text, primary_key=True),
    Column("job_id", String(36), ForeignKey("jobs.id"), nullable=False),
    Index("ix_aliases_job_id", "job_id"),
)

# what was canceled or superseded, also for labels that are still to come
notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True),
    # digest of what it says: equal ones are one
    Column("identity", String(80), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("event_id", Text),
    Column("shop_id", Text),
    Column("package_ids", JSON, nullable=False),
    Column("order_ids", JSON, nullable=False),
    Column("replaced_by", JSON, nullable=False),
    Column("reason", Text),
    Column("source", Text, nullable=False),
    Column("received_at", Float, nullable=False),
    Column("last_at", Float, nullable=False),
    Column("times", Integer, nullable=False),
    UniqueConstraint("identity"),
    Index("ix_notices_last_at", "last_at"),
)

# the packages and orders of notices
notice_numbers = Table(
    "notice_numbers",
    metadata,
    Column("number", Text, primary_key=True),
    # package or order
    Column("what", String(10), primary_key=True),
    Column("notice_id", Integer, ForeignKey("notices.id"), primary_key=True),
    Index("ix_notice_numbers_notice_id", "notice_id"),
)

# printers that a person, or labeld itself, paused: their labels wait
pauses = Table(
    "pauses",
    metadata,
    Column("printer", Text, primary_key=True),
    Column("at", Float, nullable=False),
    Column("who", Text, nullable=False),
    Column("because", Text),
)

# the roll in each printer: how many labels it had, and the printer's counter then
rolls = Table(
    "rolls",
    metadata,
    Column("printer", Text, primary_key=True),
    Column("labels", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("who", Text, nullable=False),
    Column("serial", Text),
    Column("odometer", Integer),
)

# when each printer was last seen able to print, or was new: an outage begins there
ables = Table(
    "ables",
    metadata,
    Column("printer", Text, primary_key=True),
    Column("at", Float, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("retain", Boolean, nullable=False),
    Column("at", Float, nullable=False),
    Index("ix_outbox_at", "at"),
)

# what was learned of each printer; its id is its serial number, or its place where it tells none
profiles = Table(
    "profiles",
    metadata,
    Column("id", Text, primary_key=True),
    Column("serial", Text),
    # its name in the configuration and its address, where it was seen last
    Column("place", Text, nullable=False),
    Column("last_seen", Float, nullable=False),
    Column("learned", JSON, nullable=False),
    Index("ix_profiles_place", "place", "last_seen"),
)

# which serial number counts for a printer that is wanted by something else (`uuid:…`, `mac:…`, `name:…`)
serials = Table(
    "serials",
    metadata,
    Column("identity", Text, primary_key=True),
    Column("serial", Text, nullable=False),
    Column("learnt_at", Float, nullable=False),
)

# merged files that a person uploaded, until a day has passed; `data` until their jobs are made
uploads = Table(
    "uploads",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("received_at", Float, nullable=False),
    # of the file and where it should print
    Column("digest", String(80), nullable=False),
    Column("state", String(20), nullable=False),
    Column("message", Text, nullable=False),
    Column("station", Text),
    Column("printer", Text),
    Column("pages", Integer),
    Column("content", JSON(none_as_null=True)),
    Column("choices", JSON(none_as_null=True)),
    Column("data", LargeBinary),
    Index("ix_uploads_digest", "digest"),
)

# the authorization of each TikTok shop; both tokens are sealed
tokens = Table(
    "tokens",
    metadata,
    Column("shop", Text, primary_key=True),
    Column("access", LargeBinary, nullable=False),
    Column("refresh", LargeBinary, nullable=False),
    Column("access_expires", Float, nullable=False),
    Column("refresh_expires", Float),
    Column("seller", Text),
    Column("region", Text),
    Column("scopes", JSON, nullable=False),
    Column("authorized_at", Float, nullable=False),
    Column("refreshed_at", Float, nullable=False),
    # a refresh was asked for, and its answer is not written down
    Column("refreshing_since", Float),
    # why only the seller can mend it
    Column("refused", Text),
    Column("error", Text),
    Column("error_at", Float),
    # the last warning that it ends, in days before
    Column("alerted", Integer),
)

# what TikTok's webhooks said, until it is done, and after that so that it is not done again
notifications = Table(
    "notifications",
    metadata,
    Column("id", Integer, primary_key=True),
    # TikTok's id
    Column("identity", Text, nullable=False),
    Column("shop", Text, nullable=False),
    Column("kind", Integer, nullable=False),
    # numbers and states only
    Column("data", JSON, nullable=False),
    Column("received_at", Float, nullable=False),
    Column("last_at", Float, nullable=False),
    Column("times", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    # what came of it, or why nothing did yet
    Column("words", Text),
    Column("done_at", Float),
    UniqueConstraint("identity"),
    Index("ix_notifications_last_at", "last_at"),
)
Index(
    "ix_notifications_waiting", notifications.c.shop, notifications.c.id, sqlite_where=notifications.c.done_at.is_(None)
)

# how far each TikTok shop was polled, in TikTok's time
polls = Table(
    "polls",
    metadata,
    Column("shop", Text, primary_key=True),
    # what changed before was there when the shop was polled first
    Column("began", Float, nullable=False),
    Column("reached", Float, nullable=False),
)
