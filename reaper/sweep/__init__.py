"""The conductor: scan, judge, plan, delete, verify, record. It knows the protocols only.

survey.py   what is there, whose it is, and what is to become of it; changes nothing
keeping.py  the lock, kept while a scan takes long
view.py     what one round of reads showed
look.py     the second look, right before deletions
shoot.py    one deletion: intent, call, answer
volley.py   a wave's deletions: looks at many at once, each shot within its look's window
verify.py   authoritative reads until gone, scheduled, or put off
resume.py   what an earlier sweep left unfinished
cell.py     all of that for one cell, under its lock
fleet.py    every cell of a configuration, each failing alone
"""
