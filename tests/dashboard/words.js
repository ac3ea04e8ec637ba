// Every state, and every reason that the engine gives for waiting, has words and says what leads on from there.
'use strict';
const assert = require('node:assert');
const {visit, tell} = require('./browser.js');

const STATUS = {
  id: 'm1',
  database: 'shop',
  table: 'orders',
  state: 'copying',
  paused: false,
  throttled_by: null,
  waiting_for: null,
  progress: 0.5,
  eta_seconds: null,
  verified_rows: 0,
  mismatches: 0,
  shadow_table: '_orders_gho',
  old_table: '_orders_del',
  error: null,
  bypass_writers: [],
  blockers: [],
  guards: [],
  gate: {phase: 'armed', waiting: 0},
  cut_over: {attempts: 0, hold_ms: 0, conflicts: 0, fence: null, last_error: null, audit: null, parts: []},
};
const swapped = {...STATUS.cut_over, attempts: 1, hold_ms: 12.34, fence: 'lock', audit: 'passed'};

const CASES = [
  [{state: 'preparing'}, 'Preparing', ''],
  [{}, 'Copying rows', '“Stop” ends it'],
  [{verified_rows: 7}, 'Comparing every row', 'written again'],
  [{paused: true}, 'Paused by hand', '“Resume”'],
  [{state: 'ready'}, 'the cut-over is next', ''],
  [
    {state: 'cutting_over', gate: {phase: 'draining', waiting: 3}, blockers: [{}]},
    'waits for 1 transaction on',
    'opens',
  ],
  [{state: 'cutting_over', gate: {phase: 'held', waiting: 3}}, 'holds 3 statements', 'milliseconds'],
  [{state: 'completed', cut_over: swapped}, 'held for 12.3 ms', 'kept as _orders_del'],
  [{state: 'completed', cut_over: {...swapped, audit: 'failed'}}, 'did not pass: failed', 'rows are in _orders_del'],
  [
    {state: 'completed', cut_over: {...swapped, fence: 'instant', audit: null}},
    'itself was altered',
    'Nothing is left',
  ],
  [{state: 'stopped'}, 'The table is as it was', 'from the beginning'],
  [{state: 'stopped', rollback: {phase: 'completed'}}, 'Rolled back', 'each step'],
  [{state: 'stopped', rollback: {phase: 'running', step: 'clean'}}, 'Being rolled back: clean', 'below'],
  [{state: 'copying', rollback: {phase: 'running', step: 'stop'}}, 'Being rolled back: stop', 'below'],
  [
    {paused: true, rollback: {phase: 'deferred', at: null, window: '02:00-04:00'}},
    'Within 02:00-04:00 the guards',
    '“Resume”',
  ],
  [{state: 'panicked'}, 'nothing was swapped', '_orders_gho is kept'],
  [{state: 'failed', error: {code: 'x', message: 'two rows are one'}}, 'Failed: two rows are one', 'journal'],
  [{state: 'reverting', reverted_by: 'm2'}, 'Being undone by m2', 'stop m2'],
  [{state: 'reverted', reverted_by: 'm2'}, 'Undone by m2', 'reverted as well'],
  [{reverts: 'm0'}, 'Undoing m0', '“Stop” ends it'],
  [{state: 'stopped', reverts: 'm0'}, '_orders_del has its name back', ''],
  [{throttled_by: 'max_load Threads_running >= 25'}, 'Threads_running has reached 25', 'below 25'],
  [{throttled_by: 'throttle_flag_file /tmp/f'}, 'The flag file /tmp/f', 'Remove'],
  [{throttled_by: 'throttle_query'}, 'The throttle query says', 'returns 0'],
  [{throttled_by: 'throttle_query fails with error 1146'}, 'fails with error 1146', 'change throttle_query'],
  [{throttled_by: 'throttle_http answers 503'}, 'The HTTP check answers 503', 'answers 200'],
  [{throttled_by: 'replica db2:3306 lags 2500 ms (max_lag_millis 1500)'}, 'db2:3306 is 2,500 ms behind', 'caught up'],
  [{throttled_by: 'replica db2:3306 has not answered yet'}, 'db2:3306 has not answered yet', 'is known'],
  [{throttled_by: "clients' p99 is 12 ms (max_client_latency_ms 5)"}, 'is 12 ms, 5 ms are wanted', 'own pace'],
  [{throttled_by: "the primary can't be reached: (2003)"}, "can't be reached: (2003)", 'goes on where it was'],
  [{throttled_by: 'XA transactions that were prepared before: 2'}, 'Waiting for XA', 'XA RECOVER'],
  [{throttled_by: 'cpu is 95'}, 'Held back by a guard: cpu is 95', 'quiet'],
  [{state: 'ready', waiting_for: 'postpone_cut_over'}, 'waits for you', '“Cut over”'],
  [{state: 'ready', waiting_for: 'postpone_cut_over_flag_file /tmp/p'}, '/tmp/p to go', 'Remove the file'],
  [{state: 'ready', waiting_for: 'cut_over_window until sat 22:00 UTC'}, 'which opens sat 22:00 UTC', 'by itself then'],
  [{state: 'ready', waiting_for: 'a transaction of app@h (connection 1) open for 12 s'}, 'app@h', 'nobody is held'],
  [{state: 'ready', waiting_for: 'changes that are still to be applied'}, 'still to be applied', 'as they are'],
  [{state: 'ready', waiting_for: 'back-off until 2026-01-31T12:00:00.123Z'}, 'stepped back', 'No client'],
  [
    {state: 'ready', waiting_for: 'the migrations of the tables that swap together with this one'},
    'together',
    'one RENAME',
  ],
  [
    {state: 'ready', waiting_for: 'compatibility query 2: Unknown column'},
    'compatibility query 2',
    'stop the migration',
  ],
];

tell(url =>
  visit({}, async page => {
    await page.goto(url);
    for (const [differs, says, next] of CASES) {
      const words = await page.evaluate(
        async status => {
          const {inShort, situation, stateWord} = await import('/page/words.js');
          const {warnings} = await import('/page/warnings.js');
          const {possible} = await import('/page/actions.js');
          const told = {...situation(status), state: stateWord(status), short: inShort(status)};
          return {...told, warnings: warnings(status), actions: possible({...status, swaps_with: []})};
        },
        {...STATUS, ...differs},
      );
      const what = JSON.stringify(differs);
      assert.ok(words.says.includes(says), `${what}: ${words.says}`);
      assert.ok(words.next.includes(next), `${what}: ${words.next}`);
      assert.ok(!/undefined|NaN|\[object/.test(JSON.stringify(words)), JSON.stringify(words));
      const isSettled = differs.state === 'reverting' || differs.rollback?.phase === 'completed';
      assert.equal(words.actions.length > 0, !isSettled, `${what} offers ${words.actions.map(one => one.label)}`);
    }
    for (const [eta, says] of [
      [75, 'about 1 min 15 s left'],
      [null, 'time left not known yet'],
    ]) {
      const told = await page.evaluate(
        async status => {
          const {makeProgress} = await import('/page/progress.js');
          const progress = makeProgress();
          progress.show(status);
          return progress.element.textContent;
        },
        {...STATUS, eta_seconds: eta, rows_copied: 5, rows_estimated: 10},
      );
      assert.ok(told.includes(says), told);
      assert.ok(told.includes('5 of about 10 rows'), told);
    }
  }),
);
