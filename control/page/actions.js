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
      status.reverts
        ? `“${status.old_table}” gets its name back; ${own(status)} stays as it is.`
        : `The shadow table “${status.shadow_table}” is dropped; ${own(status)} stays as it is.`,
      'What was done so far is lost: another one starts from the beginning.',
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
      status.state === 'reverted'
        ? `${own(status)} gets the shape of ${status.id} again, in one more cut-over; every write made since is kept.`
        : `${own(status)} gets the shape it had before, in one more cut-over; every write made since is kept.`,
      'Columns that only the other table has keep their values.',
      'Rows that the other table can’t hold stop it before anybody is held.',
    ],
    weight: 'danger',
  }),
  cleanup: status => ({
    label: 'Clean up',
    title: `Drop what ${status.id} left?`,
    tells: [
      status.state === 'completed'
        ? `“${status.old_table}”, the table as it was before the swap, is dropped. There is no way back after that.`
        : status.reverts
          ? `“${status.old_table}” gets its name back.`
          : `The shadow table “${status.shadow_table}” is dropped, and “${status.old_table}” if there is one.`,
      `${own(status)} stays as it is.`,
    ],
    weight: 'danger',
  }),
};

// What was undone can be undone again, by the id of either.
function isRevertible(status) {
  if (status.state === 'reverted') return true;
  return status.state === 'completed' && Boolean(status.revertible_until);
}

const isRolledBack = status => ['running', 'completed'].includes(status.rollback?.phase);

function names(status) {
  if (status.state === 'reverting') return [];
  if (hasEnded(status)) {
    const canRollBack = ['failed', 'panicked'].includes(status.state) && !isRolledBack(status) && !status.reverts;
    return [
      isRevertible(status) && 'revert',
      canRollBack && 'rollback',
      status.state !== 'reverted' && status.rollback?.phase !== 'completed' && 'cleanup',
    ].filter(Boolean);
  }
  if (status.rollback?.phase === 'running') return ['panic'];
  if (status.state === 'cutting_over') return ['stop', 'rollback', 'panic'];
  return [...(status.paused ? ['resume'] : ['cut-over', 'pause']), 'stop', 'rollback', 'panic'];
}

// [{name, label, title, tells, weight: undefined | 'main' | 'danger', choices}], in the order of the buttons.
export function possible(status) {
  return names(status).map(name => {
    const action = ALL[name](status);
    return {name, does: action.label, ...action, tells: [...action.tells, ...together(status)]};
  });
}
