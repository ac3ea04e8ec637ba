// go run dialogue.go PORT: the common dialogue with go-sql-driver.
package main

import (
	"database/sql"
	"fmt"
	"os"
	"strings"

	_ "github.com/go-sql-driver/mysql"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	db, err := sql.Open("mysql", "app:app's@tcp(127.0.0.1:"+os.Args[1]+")/test?multiStatements=true&charset=utf8mb4")
	must(err)
	db.SetMaxOpenConns(1)
	do := func(query string, values ...interface{}) {
		_, err := db.Exec(query, values...)
		must(err)
	}
	fails := func(query string) {
		_, err := db.Exec(query)
		fmt.Println(err)
	}
	do("DROP TABLE IF EXISTS of_go")
	do("CREATE TABLE of_go (id INT PRIMARY KEY, note LONGTEXT, price DECIMAL(8,2)) CHARACTER SET utf8mb4")
	insert, err := db.Prepare("INSERT INTO of_go VALUES (?, ?, ?)")
	must(err)
	for i := 0; i < 50; i++ {
		_, err = insert.Exec(i, sql.NullString{String: fmt.Sprintf("note %d ✓ ' \\", i), Valid: i%7 != 0}, float64(i)/4)
		must(err)
	}
	rows, err := db.Query("SELECT id, note, price FROM of_go WHERE id IN (?, ?) ORDER BY id", 7, 8)
	must(err)
	for rows.Next() {
		var id int
		var note sql.NullString
		var price string
		must(rows.Scan(&id, &note, &price))
		fmt.Println(id, note, price)
	}
	tx, err := db.Begin()
	must(err)
	result, err := tx.Exec("UPDATE of_go SET note = 'again'")
	must(err)
	fmt.Println(result.RowsAffected())
	must(tx.Rollback())
	var count int
	must(db.QueryRow("SELECT COUNT(*) FROM of_go WHERE note = 'again'").Scan(&count))
	big := strings.Repeat("ü", 1500000)
	_, err = insert.Exec(100, big, 1)
	must(err)
	var back string
	must(db.QueryRow("SELECT note FROM of_go WHERE id = ?", 100).Scan(&back))
	fmt.Println(count, back == big)
	rows, err = db.Query("SELECT 1; SELECT 2 UNION SELECT 3")
	must(err)
	for more := true; more; more = rows.NextResultSet() {
		for rows.Next() {
			var number int
			must(rows.Scan(&number))
			fmt.Println(number)
		}
	}
	fails("INSERT INTO of_go (id) VALUES (1)")
	fails("SELECT * FROM no_such_table")
	fails("SELEKT 1")
	must(db.Ping())
	must(db.Close())
}
