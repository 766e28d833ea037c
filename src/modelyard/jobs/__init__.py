"""What the product does, one flow a file. Only here do hubs, engine, library and store meet."""
