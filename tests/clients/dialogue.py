# python3 dialogue.py MODULE PORT: the common dialogue with PyMySQL (pymysql) or mysqlclient (MySQLdb).
import importlib
import sys

module = importlib.import_module(sys.argv[1])
table = "of_" + sys.argv[1].lower()
connection = module.connect(host="127.0.0.1", port=int(sys.argv[2]), user="app", passwd="app's", db="test",
                            charset="utf8mb4")
cursor = connection.cursor()


def rows(sql, *values):
    cursor.execute(sql, values or None)
    print(sql, cursor.fetchall())


def fails(sql):
    try:
        cursor.execute(sql)
        print("no error")
    except module.Error as error:
        print(type(error).__name__, error.args[0], error.args[1])


cursor.execute("SELECT CONNECTION_ID()")
print("same thread:", cursor.fetchone()[0] == connection.thread_id())
cursor.execute(f"DROP TABLE IF EXISTS {table}")
cursor.execute(f"CREATE TABLE {table} (id INT PRIMARY KEY, note LONGTEXT, price DECIMAL(8,2), at DATETIME(6))"
               " CHARACTER SET utf8mb4")
for i in range(50):
    cursor.execute(f"INSERT INTO {table} VALUES (%s, %s, %s, '2026-02-03 04:05:06.789')",
                   (i, None if i % 7 == 0 else f"note {i} ✓ ' \\", i / 4))
connection.commit()
rows(f"SELECT * FROM {table} WHERE id IN (%s, %s) ORDER BY id", 7, 8)
cursor.executemany(f"UPDATE {table} SET note = %s WHERE id = %s", [(f"again {i}", i) for i in range(20)])
connection.rollback()
rows(f"SELECT COUNT(*) FROM {table} WHERE note LIKE 'again%'")
cursor.execute(f"UPDATE {table} SET note = %s WHERE id = 1", ("ü" * 3_000_000,))
print(cursor.rowcount)
connection.commit()
cursor.execute(f"SELECT note FROM {table} WHERE id = 1")
print(cursor.fetchone()[0] == "ü" * 3_000_000)
fails(f"INSERT INTO {table} (id) VALUES (1)")
fails("SELECT * FROM no_such_table")
fails("SELEKT 1")
rows("SELECT 'still here'")
cursor.execute("SELECT 1 UNION SELECT 2")
print(cursor.fetchall())
connection.ping()
connection.close()
