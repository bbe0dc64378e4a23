"""A user's own account: sign-in with limited attempts, password and e-mail address.

attempts             limits of attempts, the same for console and API
devices              the cookie by which a device is known to an account
password_validation  passwords that are refused
commands, handlers   changes of one's own password
pages, views         pages of the consoles, and those without sign-in
"""
