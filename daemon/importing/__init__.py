"""Tables of labels, as shops and spreadsheets export them: read, checked row by row, taken whole or not at all."""
