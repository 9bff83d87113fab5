"""Where data comes from: files, tables, public data sets, titles and artists, Spotify."""
