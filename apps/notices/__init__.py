"""What people are told: letters by e-mail, and messages into their chats."""
