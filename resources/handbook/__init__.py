"""The handbook "How retrieval works": its chapters as Markdown files, and what turns them into sample documents."""
