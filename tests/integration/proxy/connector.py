# python3 connector.py PORT: what an application does, with PyMySQL, which speaks the protocol by itself.
# Prints "all well" or fails.
import ssl
import sys

import pymysql
from pymysql.constants import CLIENT


def connect(tls):
    return pymysql.connect(host="127.0.0.1", port=int(sys.argv[1]), user="python", password="pass word", database="test",
                           charset="utf8mb4", client_flag=CLIENT.MULTI_STATEMENTS, ssl=tls)


def rows_and_text(connection):
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS from_python")
        cursor.execute("CREATE TABLE from_python (id INT PRIMARY KEY, note TEXT) CHARACTER SET utf8mb4")
        for i in range(50):
            assert cursor.execute("INSERT INTO from_python VALUES (%s, %s)", (i, f"note {i} ✓")) == 1
        connection.commit()
        cursor.execute("SELECT note FROM from_python WHERE id = %s", (7,))
        assert cursor.fetchone() == ("note 7 ✓",)
        cursor.executemany("UPDATE from_python SET note = %s WHERE id = %s", [(f"again {i}", i) for i in range(50)])
        connection.commit()


def several_results(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1; SELECT 2, 3; DO 0")
        assert cursor.fetchall() == ((1,),)
        assert cursor.nextset() and cursor.fetchall() == ((2, 3),)
        assert cursor.nextset() and not cursor.nextset()


def large_result_read_row_by_row(connection):
    with connection.cursor(pymysql.cursors.SSCursor) as cursor:
        cursor.execute("SELECT a.id, REPEAT('x', 1000) FROM from_python AS a, from_python AS b, from_python AS c LIMIT 20000")
        assert sum(len(text) for _, text in cursor) == 20_000_000


def errors_and_rollback(connection):
    with connection.cursor() as cursor:
        try:
            cursor.execute("SELECT * FROM no_such_table")
            raise AssertionError("no error")
        except pymysql.err.ProgrammingError as error:
            assert error.args[0] == 1146, error
        connection.begin()
        cursor.execute("DELETE FROM from_python")
        connection.rollback()
        cursor.execute("SELECT COUNT(*) FROM from_python")
        assert cursor.fetchone() == (50,)
    connection.ping(reconnect=False)
    connection.select_db("test")


for tls in (None, ssl._create_unverified_context()):
    connection = connect(tls)
    rows_and_text(connection)
    several_results(connection)
    large_result_read_row_by_row(connection)
    errors_and_rollback(connection)
    connection.close()
print("all well")
