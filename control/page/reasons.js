// The reasons that a status gives, as {says, next}: what it is, and what leads on from there. Pure.
import {milliseconds, time} from './numbers.js';

const THROTTLES = [
  [
    /^max_load (\S+) >= (\S+)$/,
    (all, variable, limit) => ({
      says: `The primary is busy: ${variable} has reached ${limit}.`,
      next: `Goes on by itself once ${variable} is below ${limit}; max_load can be raised while it runs.`,
    }),
  ],
  [
    /^throttle_flag_file (.+)$/,
    (all, file) => ({says: `The flag file ${file} holds it back.`, next: 'Remove that file to go on.'}),
  ],
  [
    /^throttle_query$/,
    () => ({
      says: 'The throttle query says to hold back.',
      next: 'Goes on by itself once the query returns 0 or no row.',
    }),
  ],
  [
    /^throttle_query fails with error (\d+)$/,
    (all, code) => ({
      says: `The throttle query fails with error ${code}.`,
      next: 'Who asks for a brake is not left without one: change throttle_query, or mend what it reads.',
    }),
  ],
  [
    /^throttle_http (.+)$/,
    (all, what) => ({says: `The HTTP check ${what}.`, next: 'Goes on by itself once it answers 200.'}),
  ],
  [
    /^replica (\S+) lags (\d+) ms \(max_lag_millis (\d+)\)$/,
    (all, replica, lag, limit) => ({
      says: `Replica ${replica} is ${milliseconds(+lag)} behind; ${milliseconds(+limit)} are allowed.`,
      next: 'Goes on by itself once the replica has caught up.',
    }),
  ],
  [/^replica (.+)$/, (all, what) => ({says: `Replica ${what}.`, next: 'Goes on by itself once its lag is known.'})],
  [
    /^clients' p99 is (\d+) ms \(max_client_latency_ms (\d+)\)$/,
    (all, p99, limit) => ({
      says: `Going slower for the clients' sake: their 99th percentile is ${p99} ms, ${limit} ms are wanted.`,
      next: 'Finds its own pace; max_client_latency_ms can be changed while it runs.',
    }),
  ],
  [
    /^the primary can't be reached: (.+)$/,
    (all, why) => ({
      says: `The primary can't be reached: ${why}.`,
      next: 'Tries again twice a second, and goes on where it was.',
    }),
  ],
  [
    /^XA transactions (.+)$/,
    (all, what) => ({
      says: `Waiting for XA transactions ${what}.`,
      next: 'Commit or roll them back (XA RECOVER lists them).',
    }),
  ],
];

// Of what is in `throttled_by`.
export function throttleWords(reason) {
  for (const [pattern, words] of THROTTLES) {
    const match = pattern.exec(reason);
    if (match) return words(...match);
  }
  return {says: `Held back by a guard: ${reason}.`, next: 'Goes on by itself once the guard is quiet.'};
}

const WAITS = [
  [
    /^postpone_cut_over$/,
    () => ({
      says: 'All rows are copied and compared. The cut-over waits for you.',
      next: 'Press “Cut over” when the moment is right.',
    }),
  ],
  [
    /^postpone_cut_over_flag_file (.+)$/,
    (all, file) => ({
      says: `All rows are copied and compared. The cut-over waits for the flag file ${file} to go.`,
      next: 'Remove the file, or press “Cut over”.',
    }),
  ],
  [
    /^cut_over_window until (.+)$/,
    (all, when) => ({
      says: `Ready, but outside its cut-over window, which opens ${when}.`,
      next: 'Cuts over by itself then; “Cut over” does it now.',
    }),
  ],
  [
    /^a transaction of (.+)$/,
    (all, who) => ({
      says: `Ready. A transaction on the table is open: ${who}.`,
      next: 'Cuts over as soon as it has ended; nobody is held meanwhile.',
    }),
  ],
  [
    /^changes that are still to be applied$/,
    () => ({says: 'Ready but for changes that are still to be applied.', next: 'Cuts over as soon as they are.'}),
  ],
  [
    /^back-off until (.+)$/,
    (all, when) => ({
      says: `The last attempt stepped back; the next one is at ${time(when)}.`,
      next: 'No client saw an error. “Cut over” tries at once.',
    }),
  ],
  [
    /^the migrations of (.+)$/,
    (all, which) => ({
      says: `Ready; waits for the migrations of ${which}.`,
      next: 'They swap in one RENAME, or not at all.',
    }),
  ],
];

// Of what is in `waiting_for`.
export function waitWords(reason) {
  for (const [pattern, words] of WAITS) {
    const match = pattern.exec(reason);
    if (match) return words(...match);
  }
  return {
    says: `Not ready for the application: ${reason}.`,
    next: 'Change the compatibility queries, mend the application, or stop the migration.',
  };
}
