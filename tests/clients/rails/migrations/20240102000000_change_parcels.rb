class ChangeParcels < ActiveRecord::Migration[6.1]
  def change
    add_column :parcels, :note, :string, limit: 100, default: '', null: false
    add_index :parcels, :weight
    add_index :parcels, %i[name weight], unique: true, name: 'once'
    rename_column :parcels, :note, :remark
    reversible { |direction| direction.up { change_column :parcels, :weight, :bigint, null: false, default: 0 } }
    remove_index :parcels, :weight
    add_timestamps :parcels, null: true
    # What no migration of Sluice's can do is the server's.
    reversible { |direction| direction.up { execute "SET @sluice_ddl = 'off'" } }
    add_reference :parcels, :depot, foreign_key: true
  end
end
