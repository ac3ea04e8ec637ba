// The migrations, one link each: those that run first, then those that have ended.
import {fill, make, say, set} from './dom.js';
import {percent} from './numbers.js';
import {hasEnded, inShort, stateWord, toneOf} from './words.js';

const ENDED_SHOWN = 20;
const items = new Map();

function makeItem(id) {
  const table = make('span', {class: 'table'});
  const badge = make('span', {class: 'badge'});
  const bar = make('span', {class: 'mini', 'aria-hidden': 'true'}, make('span'));
  const note = make('span', {class: 'note'});
  const share = make('span', {class: 'share'});
  const link = make(
    'a',
    {href: '#' + id},
    make('span', {class: 'line'}, table, badge),
    bar,
    make('span', {class: 'line'}, note, share),
  );
  return {element: make('li', {}, link), link, table, badge, bar, note, share};
}

function show(status, selected) {
  if (!items.has(status.id)) items.set(status.id, makeItem(status.id));
  const item = items.get(status.id);
  say(item.table, status.database + '.' + status.table);
  say(item.badge, stateWord(status));
  set(item.badge, 'data-tone', toneOf(status));
  say(item.note, [status.id, inShort(status)].filter(Boolean).join(' · '));
  say(item.share, hasEnded(status) ? '' : percent(status.progress));
  item.bar.hidden = hasEnded(status);
  item.bar.firstChild.style.width = 100 * status.progress + '%';
  set(item.bar, 'data-tone', toneOf(status));
  set(item.link, 'aria-current', status.id === selected ? 'true' : null);
  return item.element;
}

export function makeList(element) {
  const running = make('ul');
  const ended = make('ul');
  const summary = make('summary');
  const folded = make('details', {class: 'ended'}, summary, ended);
  let opened = false;
  const heading = make('h2', {}, 'Migrations');
  const nothing = make('p', {class: 'soft'});
  element.append(heading, nothing, running, folded);

  return {
    // The newest first; null: not known yet.
    show(statuses, selected) {
      const shown = statuses ?? [];
      const now = shown.filter(status => !hasEnded(status));
      const before = shown.filter(hasEnded);
      const kept = before.filter((status, i) => i < ENDED_SHOWN || status.id === selected);
      const elements = [now, kept].map(part => part.map(status => show(status, selected)));
      fill(
        running,
        now.map(status => status.id),
        () => elements[0],
      );
      fill(
        ended,
        kept.map(status => status.id),
        () => elements[1],
      );
      say(nothing, !statuses ? 'Asking…' : now.length ? '' : before.length ? 'None runs now.' : 'There was none yet.');
      nothing.hidden = nothing.textContent === '';
      folded.hidden = !before.length;
      // Out of the way while something runs.
      if (statuses && !opened) folded.open = !now.length || before.some(status => status.id === selected);
      opened = opened || statuses !== null;
      say(summary, `Ended (${before.length})`);
    },
  };
}
