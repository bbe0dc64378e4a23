"""What the doors under /api/v1/ are built of: serializers read off commands, views of three lines, paging."""
