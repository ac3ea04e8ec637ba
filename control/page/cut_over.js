// What the hold was made of, to scale, and how the cut-over ended.
import {fill, make} from './dom.js';
import {count, counted, milliseconds} from './numbers.js';
import {hasEnded} from './words.js';

const PARTS = {
  drain: 'open transactions end',
  fence: 'both tables are locked',
  head: 'the binlog is read to its end',
  resync: 'the last changes are brought over and compared',
  record: 'how far it came is written down',
  extend: 'is there time enough?',
  rename: 'RENAME',
  names: 'a look at the names',
  hand_over: 'foreign keys and triggers',
  mark: 'older snapshots are told apart',
  unfence: 'the tables are unlocked',
  stragglers: 'up to the RENAME’s own event',
  release: 'the gate opens',
};
const SMALLEST_SHARE = 0.004; // of the bar, so that each part can be seen

function makeBar(parts) {
  const sum = parts.reduce((all, part) => all + part.ms, 0) || 1;
  const bar = make('div', {
    class: 'parts',
    role: 'img',
    'aria-label': 'Parts of the hold, to scale; the table below has the figures',
  });
  const rows = parts.map((part, i) => {
    const segment = make('span', {class: 'part part-' + (i % 8), title: `${part.part}: ${milliseconds(part.ms)}`});
    segment.style.flexGrow = Math.max(part.ms / sum, SMALLEST_SHARE);
    bar.append(segment);
    return make(
      'tr',
      {},
      make(
        'th',
        {scope: 'row'},
        make('span', {class: 'key part-' + (i % 8), 'aria-hidden': 'true'}),
        part.part,
        make('span', {class: 'soft'}, ' ' + (PARTS[part.part] ?? '')),
      ),
      make('td', {}, milliseconds(part.ms)),
    );
  });
  return [
    bar,
    make('table', {class: 'figures'}, make('caption', {class: 'hidden'}, 'Parts of the hold'), make('tbody', {}, rows)),
  ];
}

function facts(status) {
  const {cut_over: cut} = status;
  const fences = {lock: 'gate and LOCK TABLES', gate: 'gate', instant: 'the server’s own lock'};
  return [
    ['Held', milliseconds(cut.hold_ms)],
    ['Statements held', count(cut.held_statements)],
    ['Attempts', count(cut.attempts)],
    ['Fence', fences[cut.fence] ?? '–'],
    ['Stragglers', counted(cut.stragglers, 'change')],
    ['Conflicts', count(cut.conflicts)],
    ['Audit of the swap', cut.audit ?? '–'],
  ];
}

export function makeCutOver() {
  const summary = make('dl', {class: 'facts'});
  const parts = make('div');
  const element = make(
    'section',
    {class: 'panel', 'aria-labelledby': 'cut-over-title'},
    make('h3', {id: 'cut-over-title'}, 'Cut-over'),
    summary,
    parts,
  );
  return {
    element,
    show(status) {
      const told = facts(status);
      const tried = status.cut_over.attempts > 0;
      fill(summary, [told, tried], () =>
        tried ? told.map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value))) : null,
      );
      fill(parts, [status.cut_over.parts, hasEnded(status)], () => {
        if (status.cut_over.parts.length) return makeBar(status.cut_over.parts);
        return make(
          'p',
          {class: 'soft'},
          hasEnded(status)
            ? 'No hold was measured.'
            : 'There was no attempt yet. What the hold was made of will be shown here, to scale.',
        );
      });
    },
  };
}
