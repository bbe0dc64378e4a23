"""Invitations: the only way to become a user. There is no user, and no password, before the invitation is accepted.

models  the invitation, its states, and the token of its link
mails   the e-mail with the link, which is shown nowhere else
pages   the lists of both consoles
views   the page of the invited person
"""
