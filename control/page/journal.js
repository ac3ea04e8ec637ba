// The journal of one migration, the newest entry first, as it grows.
import {ask, pathOf} from './api.js';
import {make, say} from './dom.js';
import {count, time} from './numbers.js';
import {follow} from './stream.js';

const SHOWN_MAX = 1000;

const isPlain = value => value === null || typeof value !== 'object';

function valueOf(value) {
  if (typeof value === 'number') return Number.isInteger(value) ? count(value) : value.toFixed(1);
  return isPlain(value) ? String(value) : JSON.stringify(value);
}

function makeEntry(entry) {
  const {at: whereabouts, ...details} = isPlain(entry.details) ? {details: entry.details} : entry.details;
  const facts = Object.entries(details)
    .filter(([, value]) => value !== '')
    .map(([name, value]) =>
      make('span', {class: 'fact'}, make('span', {class: 'name'}, name.replaceAll('_', ' ')), ' ', valueOf(value)),
    );
  const where =
    whereabouts && !isPlain(whereabouts)
      ? Object.entries(whereabouts)
          .map(([name, value]) => name.replaceAll('_', ' ') + ' ' + valueOf(value))
          .join(', ')
      : '';
  const bad = /fail|panic|conflict|strange|not_saved/.test(entry.event);
  return make(
    'li',
    {class: bad ? 'bad' : null, title: where || null},
    make('time', {datetime: entry.at, title: entry.at}, time(entry.at)),
    make('code', {class: 'event'}, entry.event),
    make('span', {class: 'told'}, facts),
  );
}

export function makeJournal() {
  const list = make('ol', {
    class: 'journal',
    reversed: true,
    tabindex: '0',
    'aria-label': 'Journal, the newest entry first',
  });
  const nothing = make('p', {class: 'soft'}, 'Nothing has been noted yet.');
  const problem = make('p', {class: 'problem', role: 'alert'});
  const save = make('button', {type: 'button', class: 'small'}, 'Save as a file');
  const element = make(
    'section',
    {class: 'panel', 'aria-labelledby': 'journal-title'},
    make('div', {class: 'heading'}, make('h3', {id: 'journal-title'}, 'Journal'), save),
    problem,
    nothing,
    list,
  );
  let stream = null;
  let id = null;
  const seen = new Set();
  let last = 0;

  save.addEventListener('click', async () => {
    try {
      const file = await ask(pathOf(id, 'journal'));
      const url = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1)], {type: 'application/json'}));
      make('a', {href: url, download: id + '-journal.json'}).click();
      setTimeout(() => URL.revokeObjectURL(url), 1000);
      say(problem, '');
    } catch (error) {
      say(problem, error.message);
    }
  });

  function take(entry) {
    if (seen.has(entry.number)) return;
    seen.add(entry.number);
    last = Math.max(last, entry.number);
    list.prepend(makeEntry(entry));
    while (list.childElementCount > SHOWN_MAX) list.lastElementChild.remove();
    nothing.hidden = true;
  }

  function listen() {
    const mine = follow(pathOf(id, 'events'), {
      event(name, data) {
        if (stream !== mine) return;
        if (name === 'journal') take(data);
        if (name === 'end') stream = null;
      },
    });
    stream = mine;
  }

  function stop() {
    stream?.stop();
    stream = null;
  }

  return {
    element,
    // Follows it. Some entries are written long after the stream has ended: for those it is read once more.
    show(status) {
      if (status.id !== id) {
        stop();
        seen.clear();
        last = 0;
        list.replaceChildren();
        nothing.hidden = false;
        say(problem, '');
        id = status.id;
        listen();
      } else if (!stream && status.journal_entries > last) {
        listen();
      }
    },
    stop,
  };
}
