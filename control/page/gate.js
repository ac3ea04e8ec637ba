// The gate, and who is in the way: whom it waits for, and who writes past it.
import {fill, make, say, set} from './dom.js';
import {count, counted, duration, time} from './numbers.js';
import {hasEnded} from './words.js';

const PHASES = [
  ['open', 'Nothing of this table is looked at.'],
  ['armed', 'Statements pass; who touches the table is noted.'],
  ['draining', 'Open transactions run to their end, new statements wait.'],
  ['held', 'Nothing touches the table; all statements wait.'],
];

function makeTable(caption, head, rows) {
  return make(
    'div',
    {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption},
    make(
      'table',
      {},
      make('caption', {}, caption),
      make(
        'thead',
        {},
        make(
          'tr',
          {},
          head.map(text => make('th', {scope: 'col'}, text)),
        ),
      ),
      make(
        'tbody',
        {},
        rows.map(row =>
          make(
            'tr',
            {},
            row.map(cell => make('td', {}, cell)),
          ),
        ),
      ),
    ),
  );
}

function makeBlockers(blockers) {
  if (!blockers.length) return make('p', {class: 'soft'}, 'Nobody is in the way of a cut-over.');
  return makeTable(
    'Who is waited for',
    ['Since', 'Who', 'Connection', 'Last statement'],
    blockers.map(one => [
      duration(one.since_ms / 1000),
      one.user + '@' + one.host,
      String(one.connection_id),
      make('code', {}, one.statement || '–'),
    ]),
  );
}

function makeWriters(writers) {
  if (!writers.length) return make('p', {class: 'soft'}, 'Nobody was seen writing past the proxy.');
  return makeTable(
    'Who writes past the proxy',
    ['Connection', 'Transactions', 'Last seen'],
    writers.map(one => [
      String(one.connection_id),
      count(one.transactions),
      one.last_seen_at ? time(one.last_seen_at) : '–',
    ]),
  );
}

export function makeGate() {
  const steps = PHASES.map(([name]) => make('li', {}, name));
  const means = make('p');
  const blockers = make('div');
  const writers = make('div');
  const element = make(
    'section',
    {class: 'panel', 'aria-labelledby': 'gate-title'},
    make('h3', {id: 'gate-title'}, 'Gate'),
    make('ol', {class: 'phases'}, steps),
    means,
    blockers,
    writers,
  );
  return {
    element,
    show(status) {
      const at = PHASES.findIndex(([name]) => name === status.gate?.phase);
      steps.forEach((step, i) => set(step, 'aria-current', i === at ? 'step' : null));
      const waiting = status.gate?.waiting
        ? ` ${counted(status.gate.waiting, 'statement')} ${status.gate.waiting === 1 ? 'waits' : 'wait'} now.`
        : '';
      say(means, at < 0 ? 'The migration has let go of its table.' : PHASES[at][1] + waiting);
      fill(blockers, [status.blockers, hasEnded(status)], () =>
        hasEnded(status) && !status.blockers.length ? null : makeBlockers(status.blockers),
      );
      fill(writers, status.bypass_writers, () => makeWriters(status.bypass_writers));
    },
  };
}
