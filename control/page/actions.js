// What may be asked of a migration in its state, and what will happen then. Pure, but for `choices`, whose form is the
// dialog's.
import {hasEnded} from './words.js';

const own = status => `“${status.database}.${status.table}”`;

function together(status) {
  return status.swaps_with.length
    ? [`Asked of ${status.swaps_with.join(', ')} too, whose tables swap together with this one.`]
    : [];
}

const ALL = {
  pause: status => ({
    label: 'Pause',
    title: `Pause ${status.id}?`,
    tells: [
      'Nothing is copied or applied until it is resumed.',
      'Clients go on as before; their writes are still followed.',
    ],
  }),
  resume: status => ({
    label: 'Resume',
    title: `Resume ${status.id}?`,
    tells: [
      ...(status.rollback?.phase === 'deferred' ? ['The rollback that was put off is withdrawn.'] : []),
      'It goes on where it was paused.',
      'Where nothing else keeps it, it cuts over as soon as it is ready.',
    ],
  }),
  'cut-over': status => ({
    label: 'Cut over',
    weight: status.state === 'ready' ? 'main' : undefined,
    title: `Cut over ${own(status)}?`,
    tells: [
      status.state === 'ready'
        ? 'Now, whatever postpone_cut_over, its flag file and cut_over_window say.'
        : 'As soon as it is ready, whatever postpone_cut_over, its flag file and cut_over_window say.',
      'The gate closes: clients’ statements on the table wait, as a rule for some milliseconds, and then run on the ' +
        'new table. None gets an error.',
      'If transactions on the table do not end in time, it steps back, lets everybody go on, and tries again later.',
      `The table as it was is kept as “${status.old_table}”.`,
    ],
  }),
  stop: status => ({
    label: 'Stop',
    title: `Stop ${status.id}?`,
    tells: [
      'Ends after the batch at hand.',
      `The shadow table “${status.shadow_table}” is dropped; ${own(status)} stays as it is.`,
      'What was copied is lost: another migration starts from the beginning.',
    ],
    weight: 'danger',
  }),
  panic: status => ({
    label: 'Panic',
    title: `Panic: end ${status.id} at once?`,
    tells: [
      'Ends at once. A hold under way is opened first, so that clients go on.',
      'Nothing is swapped.',
      `The shadow table “${status.shadow_table}” is kept for study.`,
    ],
    weight: 'danger',
  }),
  rollback: status => ({
    label: 'Roll back…',
    does: 'Roll back',
    title: `Roll back ${status.id}?`,
    tells: [
      'Stops, records the state, checks, and cleans up.',
      `Then it verifies that ${own(status)} is as it was. A report tells each step.`,
    ],
    choices: 'rollback',
    weight: 'danger',
  }),
  revert: status => ({
    label: 'Revert',
    title: `Revert ${status.id}?`,
    tells: [
      'Begins a migration of its own, the other way round.',
      `${own(status)} gets its old shape back, in one more cut-over; every write made since is kept.`,
      'Rows that the old shape can’t hold stop the revert before anybody is held.',
      'Columns that only the old table has keep their values.',
    ],
    weight: 'danger',
  }),
  cleanup: status => ({
    label: 'Clean up',
    title: `Drop what ${status.id} left?`,
    tells: [
      status.state === 'completed'
        ? `“${status.old_table}”, the table as it was before the swap, is dropped. There is no way back after that.`
        : `The shadow table “${status.shadow_table}” is dropped, and “${status.old_table}” if there is one.`,
      `${own(status)} stays as it is.`,
    ],
    weight: 'danger',
  }),
};

// Where the service tells until when, it is asked for no longer.
function isRevertible(status) {
  if (status.revertible_until !== undefined) return status.revertible_until !== null;
  return ['completed', 'reverted'].includes(status.state) && status.cut_over.fence !== 'instant';
}

const isRolledBack = status => ['running', 'completed'].includes(status.rollback?.phase);

function names(status) {
  if (hasEnded(status)) {
    const canRollBack = ['failed', 'panicked'].includes(status.state) && !isRolledBack(status);
    return [isRevertible(status) && 'revert', canRollBack && 'rollback', 'cleanup'].filter(Boolean);
  }
  if (status.rollback?.phase === 'running') return ['panic'];
  if (['cutting_over', 'reverting'].includes(status.state)) return ['stop', 'rollback', 'panic'];
  return [...(status.paused ? ['resume'] : ['cut-over', 'pause']), 'stop', 'rollback', 'panic'];
}

// [{name, label, title, tells, weight: undefined | 'main' | 'danger', choices}], in the order of the buttons.
export function possible(status) {
  return names(status).map(name => {
    const action = ALL[name](status);
    return {name, does: action.label, ...action, tells: [...action.tells, ...together(status)]};
  });
}
