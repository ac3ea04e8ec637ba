// What a status means, in sentences. Pure: a status in, words out.
import {counted, duration, milliseconds, time} from './numbers.js';
import {throttleWords, waitWords} from './reasons.js';

// One that is reverting has ended too: another migration is undoing it.
const ENDED = new Set(['completed', 'stopped', 'panicked', 'failed', 'reverting', 'reverted']);
export const hasEnded = status => ENDED.has(status.state);

const STATES = {
  preparing: 'preparing',
  copying: 'copying',
  ready: 'ready',
  cutting_over: 'cutting over',
  completed: 'completed',
  stopped: 'stopped',
  panicked: 'panicked',
  failed: 'failed',
  reverting: 'reverting',
  reverted: 'reverted',
};

// While rows are copied and while they are compared the state is the same.
export const isComparing = status => status.state === 'copying' && status.verified_rows > 0;

export function stateWord(status) {
  const word = isComparing(status) ? 'comparing' : (STATES[status.state] ?? status.state);
  return status.paused && !hasEnded(status) ? word + ', paused' : word;
}

// The colour of a state: what it asks of whoever looks at it.
export function toneOf(status) {
  if (status.state === 'failed' || status.state === 'panicked') return 'bad';
  if (status.state === 'completed' || status.state === 'reverted') return auditIsBad(status) ? 'bad' : 'good';
  if (status.state === 'stopped') return 'idle';
  if (status.paused || status.throttled_by || status.waiting_for) return 'wait';
  return 'busy';
}

const auditIsBad = status => status.cut_over.audit !== null && !['pending', 'passed'].includes(status.cut_over.audit);

const untilWords = status =>
  status.revertible_until ? `; until ${time(status.revertible_until)} “Revert” undoes the swap` : '';

const by = status => (status.reverted_by ? ` by ${status.reverted_by}` : '');

function ending(status) {
  const {cut_over: cut, error} = status;
  switch (status.state) {
    case 'completed': {
      const held =
        cut.fence === 'instant'
          ? 'The table itself was altered'
          : `The new table is in its place; clients were held for ${milliseconds(cut.hold_ms)}`;
      if (auditIsBad(status))
        return {
          says: `${held}. The audit of the swap did not pass: ${cut.audit}.`,
          next: `Look at the journal before anything else; the rows are in ${status.old_table}.`,
        };
      const kept =
        cut.fence === 'instant'
          ? 'Nothing is left to clean up.'
          : `The table as it was is kept as ${status.old_table}${untilWords(status)}.`;
      return {
        says:
          held + (cut.audit === 'pending' ? '. The rows changed shortly before are being looked at once more.' : '.'),
        next: kept,
      };
    }
    case 'stopped':
      if (status.rollback?.phase === 'completed')
        return {
          says: 'Rolled back. The table is as it was, which was verified; what the migration made is gone.',
          next: 'The report of the rollback tells each step.',
        };
      return {
        says: status.reverts
          ? `Stopped. The table is as it was, ${status.old_table} has its name back.`
          : 'Stopped. The table is as it was, the shadow table is dropped.',
        next: 'A new migration starts from the beginning.',
      };
    case 'panicked':
      return {
        says: 'Panicked: ended at once, nothing was swapped.',
        next: status.reverts
          ? `“Clean up” gives ${status.old_table} its name back.`
          : `The shadow table ${status.shadow_table} is kept for study; “Clean up” drops it.`,
      };
    case 'failed':
      return {
        says: error ? `Failed: ${error.message}` : 'Failed.',
        next: 'The journal tells what was done. “Clean up” drops what it left.',
      };
    case 'reverting':
      return {
        says: `Being undone by ${status.reverted_by ?? 'another migration'}, which puts the old table back.`,
        next: `Until then the table has its new shape; stop ${status.reverted_by ?? 'that one'} to leave it so.`,
      };
    case 'reverted':
      return {
        says: `Undone${by(status)}: the table has its old shape, and every write made since.`,
        next: 'That can be reverted as well.',
      };
  }
  return {says: stateWord(status), next: ''};
}

const dueWords = rollback => (rollback.at ? `At ${time(rollback.at)}` : `Within ${rollback.window}`);

function crossing(status) {
  const gate = status.gate ?? {phase: 'open', waiting: 0};
  if (gate.phase === 'draining') {
    return {
      says: `The gate is closing: it waits for ${counted(status.blockers.length, 'transaction')} on the table to end.`,
      next: 'It opens again by itself when its time is up; “Panic” opens it now.',
    };
  }
  if (gate.phase === 'held') {
    return {
      says: `The gate holds ${counted(gate.waiting, 'statement')} while the tables are swapped.`,
      next: 'This takes milliseconds; it opens by itself when its time is up.',
    };
  }
  return {says: 'Cutting over.', next: 'This takes milliseconds.'};
}

// {says, next}: what goes on, and what leads on from here.
export function situation(status) {
  if (status.rollback?.phase === 'running')
    return {
      says: `Being rolled back: ${status.rollback.step}.`,
      next: 'Its steps are shown below, and in the journal.',
    };
  if (hasEnded(status)) return ending(status);
  if (status.paused && status.rollback?.phase === 'deferred')
    return {
      says: `Paused. ${dueWords(status.rollback)} the guards decide whether it goes on or is rolled back.`,
      next: '“Resume” goes on now, and withdraws the rollback.',
    };
  if (status.paused)
    return {
      says: 'Paused by hand. Writes are still followed; nothing is copied or applied.',
      next: '“Resume” goes on where it was.',
    };
  if (status.state === 'cutting_over') return crossing(status);
  if (status.throttled_by) return throttleWords(status.throttled_by);
  switch (status.state) {
    case 'preparing':
      return {says: 'Preparing: the shadow table is made, the place in the binlog found.', next: ''};
    case 'ready':
      return status.waiting_for ? waitWords(status.waiting_for) : {says: 'Ready; the cut-over is next.', next: ''};
  }
  if (isComparing(status))
    return {
      says: 'Comparing every row of both tables.',
      next: 'Rows that differ are written again, and compared again.',
    };
  if (status.reverts)
    return {
      says: `Undoing ${status.reverts}: the old table gets what was written since the swap.`,
      next: 'Clients notice nothing. “Stop” ends it and leaves the table as it is.',
    };
  return {
    says: 'Copying rows into the shadow table, and following the clients’ writes.',
    next: 'Clients notice nothing. “Stop” ends it and leaves the table as it is.',
  };
}

// Short, for the list: what a person at three in the morning has to know of each.
export function inShort(status) {
  if (status.state === 'completed')
    return status.cut_over.fence === 'instant' ? 'instant' : 'held ' + milliseconds(status.cut_over.hold_ms);
  if (hasEnded(status)) return status.error ? status.error.code : '';
  if (status.paused) return 'paused by hand';
  if (status.throttled_by) return 'held back: ' + status.throttled_by;
  if (status.waiting_for) return 'waits for ' + status.waiting_for;
  return status.eta_seconds === null ? '' : 'about ' + duration(status.eta_seconds) + ' left';
}
