// What a dry run found, for a person to read before starting.
import {make} from './dom.js';
import {bytes, count, counted, duration} from './numbers.js';

export function makeRisk(risk) {
  const tones = {low: 'good', medium: 'wait', high: 'bad'};
  return make(
    'div',
    {class: 'risk', 'data-tone': tones[risk.level] ?? 'wait'},
    make('p', {}, make('span', {class: 'badge', 'data-tone': tones[risk.level] ?? 'wait'}, 'risk: ' + risk.level)),
    risk.reasons?.length
      ? make(
          'ul',
          {},
          risk.reasons.map(reason => make('li', {}, reason)),
        )
      : make('p', {}, 'Nothing speaks against it.'),
  );
}

// Any answer of the service, as nested lists.
export function makeTree(value) {
  if (value === null || typeof value !== 'object')
    return make('span', {}, value === null ? '–' : typeof value === 'number' ? count(value) : String(value));
  const entries = Object.entries(value);
  if (Array.isArray(value))
    return make(
      'ul',
      {},
      value.map(one => make('li', {}, makeTree(one))),
    );
  return make(
    'dl',
    {class: 'tree'},
    entries.map(([name, one]) =>
      make('div', {}, make('dt', {}, name.replaceAll('_', ' ')), make('dd', {}, makeTree(one))),
    ),
  );
}

function makeColumns(plan) {
  const rows = [
    ...plan.columns.map(({from, to}) => [from, to, from === to ? '' : 'renamed']),
    ...plan.dropped_columns.map(name => [name, '–', 'goes, with its values']),
    ...plan.added_columns.map(name => ['–', name, 'new']),
  ];
  const tones = {renamed: 'wait', new: 'good', 'goes, with its values': 'bad'};
  return make(
    'div',
    {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Columns'},
    make(
      'table',
      {},
      make('caption', {}, 'Columns'),
      make(
        'thead',
        {},
        make(
          'tr',
          {},
          ['Today', 'Then', ''].map(text => make('th', {scope: 'col'}, text)),
        ),
      ),
      make(
        'tbody',
        {},
        rows.map(([from, to, what]) =>
          make(
            'tr',
            {},
            make('td', {}, make('code', {}, from)),
            make('td', {}, make('code', {}, to)),
            make('td', {}, what && make('span', {class: 'badge', 'data-tone': tones[what]}, what)),
          ),
        ),
      ),
    ),
  );
}

function facts(plan) {
  const {copy, compare} = plan.seconds_estimated;
  return [
    [
      'Way',
      plan.algorithm === 'instant'
        ? 'INSTANT: the server alters the table itself'
        : plan.instant_possible
          ? 'copy (INSTANT would do: attempt_instant_ddl)'
          : 'copy',
    ],
    ['Rows', 'about ' + count(plan.rows_estimated)],
    ['Size', `${bytes(plan.data_bytes)} and ${bytes(plan.index_bytes)} of indexes`],
    [
      'Time',
      plan.algorithm === 'instant'
        ? 'milliseconds'
        : `about ${duration(copy)} to copy and ${duration(compare)} to compare, at least`,
    ],
    ['Rows are followed by', `${plan.key} (${plan.key_columns.join(', ')})`],
    ['Foreign keys', plan.foreign_keys.length ? plan.foreign_keys.join('; ') : 'none'],
    ['Triggers', plan.triggers.length ? plan.triggers.join(', ') : 'none'],
  ];
}

function makeQueries(queries) {
  if (!queries.length) return null;
  return make(
    'div',
    {},
    make('h3', {}, 'Compatibility queries'),
    make(
      'ul',
      {},
      queries.map(query =>
        make(
          'li',
          {},
          make('code', {}, query.sql),
          ' ',
          query.problem
            ? make('span', {class: 'problem'}, query.problem)
            : make(
                'span',
                {class: 'soft'},
                query.rows === null ? 'works' : 'works; reads about ' + counted(query.rows, 'row'),
              ),
        ),
      ),
    ),
  );
}

export function makeFindings(plan) {
  return [
    makeRisk(plan.risk),
    make(
      'dl',
      {class: 'facts'},
      facts(plan).map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value))),
    ),
    makeColumns(plan),
    makeQueries(plan.compatibility_queries),
    make(
      'details',
      {},
      make('summary', {}, 'The new table’s definition'),
      make('pre', {tabindex: '0'}, plan.shadow_definition),
    ),
  ];
}

// A refusal with every reason, or any other error.
export function makeProblem(error) {
  const problems = error.problems?.length ? error.problems : [{message: error.message}];
  return make(
    'div',
    {class: 'risk', 'data-tone': 'bad', role: 'alert'},
    make(
      'p',
      {},
      make('span', {class: 'badge', 'data-tone': 'bad'}, error.status === 422 ? 'refused' : 'not possible'),
    ),
    make(
      'ul',
      {},
      problems.map(problem => make('li', {}, problem.message)),
    ),
  );
}
