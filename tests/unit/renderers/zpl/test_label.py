from labeld.renderers.zpl.label import labels_in


def test_a_stored_format_prints_where_it_is_recalled() -> None:
    assert labels_in(b"^XA^DFR:A^FO1,1^FN1^FDx^FS^XZ") == 0
    assert labels_in(b"^XA^DFR:A^FN1^FS^XZ^XA^XFR:A^FN1^FDa^FS^PQ3^XZ") == 3
    assert labels_in(b"^XA^GB9^FS^ISR:A,N^XZ^XA^ILR:A^XZ") == 1
