// The figures and names that are looked up when something is to be found out.
import {fill, make} from './dom.js';
import {rate} from './history.js';
import {bytes, count, time} from './numbers.js';
import {hasEnded} from './words.js';

function backupWords(backup) {
  if (backup.state === 'failed') return 'failed: ' + backup.problem;
  if (backup.state === 'running') return `${bytes(backup.bytes)} of about ${bytes(backup.bytes_estimated)}`;
  return backup.file ? `${backup.state}: ${backup.file}` : backup.state;
}

export function makeFacts() {
  const list = make('dl', {class: 'facts'});
  const element = make(
    'section',
    {class: 'panel', 'aria-labelledby': 'facts-title'},
    make('h3', {id: 'facts-title'}, 'Facts'),
    list,
  );
  return {
    element,
    show(status) {
      const told = [
        ['Started', status.started_at ? time(status.started_at) : '–'],
        ['Ended', status.ended_at ? time(status.ended_at) : '–'],
        ['Shadow table', status.shadow_table || '–'],
        ['Old table', status.old_table || '–'],
        [
          'Changes applied',
          count(status.changes_applied) +
            (hasEnded(status) ? '' : ` (${count(rate(status.id, 'applied') ?? 0)} a second)`),
        ],
        ['Binlog read to', status.read_position ?? '–'],
        ['Applied to', status.applied_position ?? '–'],
        ['Last compared', status.verified_at ? time(status.verified_at) : '–'],
        ...(status.revertible_until ? [['Can be reverted until', time(status.revertible_until)]] : []),
        ...(status.reverts ? [['Reverts', status.reverts]] : []),
        ...(status.reverted_by ? [['Reverted by', status.reverted_by]] : []),
        ...(status.backup ? [['Backup of ' + status.backup.table, backupWords(status.backup)]] : []),
        ...(status.swaps_with.length ? [['Swaps with', status.swaps_with.join(', ')]] : []),
        ...status.guards.map(guard => [
          'Guard ' + guard.name,
          `${guard.value === null ? '–' : count(guard.value)} of ${count(guard.threshold)} (${guard.action})`,
        ]),
      ];
      fill(list, told, () => told.map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value))));
    },
  };
}
