"""What comes in or goes out as a file or in a foreign format, one module per format.

Each turns foreign documents into the values of the rooms below and back, and names the path of every field it refuses.
"""
