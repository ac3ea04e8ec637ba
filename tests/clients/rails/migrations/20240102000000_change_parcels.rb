class ChangeParcels < ActiveRecord::Migration[6.1]
  def change
    add_column :parcels, :note, :string, limit: 100, default: '', null: false
    add_index :parcels, :weight
    add_index :parcels, %i[name weight], unique: true, name: 'once'
    rename_column :parcels, :note, :remark
    reversible { |direction| direction.up { change_column :parcels, :weight, :bigint, null: false, default: 0 } }
    remove_index :parcels, :weight
    add_timestamps :parcels, null: true
  end
end
