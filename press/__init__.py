"""The press: what turns the chapters into the site."""
