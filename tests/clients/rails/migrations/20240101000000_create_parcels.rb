class CreateParcels < ActiveRecord::Migration[6.1]
  def change
    create_table :depots
    create_table :parcels do |table|
      table.string :name, null: false
      table.integer :weight
    end
    reversible do |direction|
      direction.up { execute "INSERT INTO parcels (name, weight) VALUES ('a', 1), ('b', 2), ('c', 3)" }
    end
  end
end
