"""Uploads of any kind: size, name, type by content, and checksum are validated before a file is used.

    file = receive(uploaded.name, uploaded)             # any type of the allow-list
    file = receive(uploaded.name, uploaded, (CSV,))     # one type

The size is enforced twice: while the request streams in (`streaming`), and on the complete file.
"""
