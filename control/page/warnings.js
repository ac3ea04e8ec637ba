// What deserves a look beside the situation itself. Pure: a status in, [{tone, text}] out.
import {count, counted} from './numbers.js';
import {hasEnded} from './words.js';

const plural = (many, one, more) => (many === 1 ? one : more);

function afterwards({cut_over: cut, mismatches, old_table: old}) {
  const all = [];
  if (cut.conflicts > 0) {
    const text =
      `${counted(cut.conflicts, 'row')} of ${old} could not be brought over, as the new table had changed them ` +
      `already. Keep ${old}; the journal names them.`;
    all.push({tone: 'bad', text});
  }
  if (mismatches > 0) {
    const text =
      `${counted(mismatches, 'row')} ${plural(mismatches, 'was', 'were')} found unequal although no client had ` +
      'changed them; written again, and compared again.';
    all.push({tone: 'wait', text});
  }
  return all;
}

function ofGuard({name, measure, value, threshold, action, firing, problem}) {
  const all = [];
  const is = value === null ? '' : ` is ${count(value)},`;
  if (firing) all.push(`Guard ${name}: ${measure}${is} the limit is ${count(threshold)} (${action}).`);
  if (problem) all.push(`Guard ${name} can't be evaluated: ${problem}`);
  return all.map(text => ({tone: 'wait', text}));
}

function meanwhile({blockers, bypass_writers: writers, cut_over: cut}) {
  const all = [];
  if (blockers.length) {
    const [have, them] = plural(blockers.length, ['has', 'it'], ['have', 'them']);
    const what = counted(blockers.length, 'transaction');
    all.push(`${what} on the table ${have} been open for a while; a cut-over waits for ${them}, see below.`);
  }
  if (writers.length) {
    const what = `${counted(writers.length, 'connection')} ${plural(writers.length, 'writes', 'write')}`;
    all.push(`${what} past this proxy, see below: what they write is followed, but the gate can't hold them.`);
  }
  if (cut.last_error) all.push(`The last attempt to cut over stepped back: ${cut.last_error}`);
  return all.map(text => ({tone: 'wait', text}));
}

export function warnings(status) {
  return [...afterwards(status), ...status.guards.flatMap(ofGuard), ...(hasEnded(status) ? [] : meanwhile(status))];
}
