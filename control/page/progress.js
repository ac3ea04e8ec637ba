// How far a migration is: altogether, and of its two passes over the table.
import {make, say, set} from './dom.js';
import {rate} from './history.js';
import {count, duration, percent} from './numbers.js';
import {hasEnded, isComparing, stateWord, toneOf} from './words.js';

function makeMeter(label) {
  const bar = make('span');
  const text = make('span', {class: 'text'});
  const element = make(
    'div',
    {class: 'meter'},
    make('span', {class: 'label'}, label),
    make('span', {class: 'mini', 'aria-hidden': 'true'}, bar),
    text,
  );
  return {
    element,
    show(share, words) {
      bar.style.width = 100 * share + '%';
      say(text, words);
    },
  };
}

export function makeProgress() {
  const bar = make('span');
  const track = make(
    'div',
    {class: 'track', role: 'progressbar', 'aria-label': 'Progress', 'aria-valuemin': '0', 'aria-valuemax': '100'},
    bar,
  );
  const share = make('strong');
  const left = make('span', {class: 'soft'});
  const copied = makeMeter('Copied');
  const compared = makeMeter('Compared');
  const element = make(
    'div',
    {class: 'progress'},
    make('div', {class: 'numbers'}, share, left),
    track,
    copied.element,
    compared.element,
  );
  const perSecond = (id, field) => {
    const value = rate(id, field);
    return value === null || value < 0.5 ? '' : `, ${count(value)} a second`;
  };
  return {
    element,
    show(status) {
      const rows = Math.max(status.rows_estimated, status.rows_copied, 1);
      const done = status.state === 'completed' || status.state === 'ready' || status.state === 'cutting_over';
      const copying = !done && !isComparing(status);
      bar.style.width = 100 * status.progress + '%';
      set(track, 'data-tone', toneOf(status));
      set(track, 'aria-valuenow', Math.floor(100 * status.progress));
      set(track, 'aria-valuetext', `${percent(status.progress)}, ${stateWord(status)}`);
      say(share, percent(status.progress));
      say(
        left,
        hasEnded(status) || done
          ? ''
          : status.eta_seconds === null
            ? 'time left not known yet'
            : `about ${duration(status.eta_seconds)} left`,
      );
      const speed = field => (hasEnded(status) ? '' : perSecond(status.id, field));
      copied.show(
        copying ? status.rows_copied / rows : status.rows_copied ? 1 : 0,
        (copying ? `${count(status.rows_copied)} of about ${count(rows)} rows` : `${count(status.rows_copied)} rows`) +
          (copying ? speed('copied') : ''),
      );
      const unequal = status.mismatches ? `${count(status.mismatches)} unequal` : 'none unequal';
      compared.show(
        done ? Number(status.verified_rows > 0) : status.verified_rows / Math.max(status.rows_copied, 1),
        `${count(status.verified_rows)} rows${speed('compared')}, ${unequal}`,
      );
    },
  };
}
