"""`make up`: all of Bursar in one terminal, gone again with Ctrl-C."""
