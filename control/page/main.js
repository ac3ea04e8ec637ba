// The page: keeps what the service tells, and shows it.
import {ask, Refusal, useToken} from './api.js';
import {confirmAction} from './confirm.js';
import {openForm} from './create.js';
import {makeDetail} from './detail.js';
import {byId, make, say, set} from './dom.js';
import {forgetLatency, takeLatency, takeSample} from './history.js';
import {makeList} from './list.js';
import {duration, percent} from './numbers.js';
import {follow} from './stream.js';
import {hasEnded} from './words.js';

const TICK_MS = 1000;
const NOT_READY =
  'Sluice is not ready: the primary does not answer, what was unfinished is being taken up, or it is stopping. ' +
  'It lets no new clients in.';
const HIDDEN_FOR_MS = 60000; // then the connections are given up until somebody looks again

const migrations = new Map();
let known = false;
let ready = true;
let lostAt = null;
let lostWhy = ''; // in the service's words, if it has any
let stream = null;
let begins = false; // the next `clients` event tells everything

const list = makeList(byId('list'));
const detail = makeDetail(byId('detail'), (status, action) => confirmAction(status, action, accepted));

const newestFirst = () => [...migrations.values()].reverse();

function selected() {
  const wanted = migrations.get(decodeURIComponent(location.hash.slice(1)));
  const all = newestFirst();
  return wanted ?? all.find(status => !hasEnded(status)) ?? all[0] ?? null;
}

function accepted(answer, action) {
  takeNew(answer);
  // A revert is a migration of its own.
  if (action.name === 'revert' && answer.id !== selected()?.id) location.hash = answer.id;
  detail.accepted(`“${action.does}” was accepted; what comes of it is shown here.`);
}

function take(status) {
  migrations.set(status.id, status);
  show();
}

// The answer to a request may come in later than an event that tells more.
function takeNew(status) {
  if (!migrations.has(status.id)) take(status);
}

function empty() {
  const start = make('button', {type: 'button', class: 'primary', click: () => openForm(begun)}, 'New migration');
  return make(
    'section',
    {class: 'panel empty'},
    make('h2', {}, 'No migrations yet'),
    make('p', {}, 'A migration changes a table’s schema while clients go on reading and writing it.'),
    start,
  );
}

let shownEmpty = false;
function show() {
  const one = selected();
  list.show(known ? newestFirst() : null, one?.id);
  if (one) detail.show(one, Date.now());
  else if (known && !shownEmpty) detail.showNothing(empty());
  shownEmpty = !one && known;
  document.title = !one
    ? 'Sluice'
    : hasEnded(one)
      ? `${one.table} ${one.state} – Sluice`
      : `${percent(one.progress)} ${one.table} – Sluice`;
}

function showConnection() {
  const element = byId('connection');
  const lost = lostAt !== null;
  set(element, 'data-tone', lost ? 'bad' : ready ? 'good' : 'wait');
  say(element, lost ? 'Connection lost, trying again' : ready ? 'Live' : 'Not ready');
  document.body.classList.toggle('stale', lost);
  const trouble = byId('trouble');
  trouble.hidden = !lost && ready;
  if (lost) say(trouble, lostWords());
  else if (!ready) say(trouble, NOT_READY);
}

// In minutes: seconds would be read out one by one.
function lostWords() {
  const minutes = Math.floor((Date.now() - lostAt) / 60000);
  const what = lostWhy ? `Sluice refuses to tell more: ${lostWhy}` : 'Sluice does not answer';
  const since = minutes ? ` for ${duration(60 * minutes)}` : '';
  return `${what}${since}. What is shown is from before; migrations go on, or are taken up when it is back.`;
}

function takeEvent(name, data) {
  if (name === 'service') {
    ready = data.ready;
    // Before it is ready it may not know all of them yet.
    if (ready) migrations.clear();
    for (const status of data.migrations) migrations.set(status.id, status);
    known = known || ready || migrations.size > 0;
    showConnection();
    show();
  } else if (name === 'progress') {
    take(data);
  } else if (name === 'clients') {
    if (begins) forgetLatency();
    begins = false;
    takeLatency(data);
  }
}

function connect() {
  stream?.stop();
  stream = follow('/events', {
    event: takeEvent,
    live() {
      lostAt = null;
      begins = true;
      byId('login').hidden = true;
      byId('columns').hidden = byId('new').hidden = false;
      showConnection();
    },
    lost(why) {
      lostAt ??= Date.now();
      lostWhy = why;
      showConnection();
    },
    refused: askForToken,
  });
}

function askForToken(refusal) {
  if (refusal.status !== 401) {
    say(byId('trouble'), refusal.message);
    byId('trouble').hidden = false;
    return;
  }
  detail.stop();
  byId('columns').hidden = byId('new').hidden = true;
  byId('login').hidden = false;
  say(byId('connection'), 'Token needed');
  set(byId('connection'), 'data-tone', 'wait');
  byId('token').focus();
}

byId('login').addEventListener('submit', async event => {
  event.preventDefault();
  useToken(byId('token').value);
  try {
    await ask('/migrate');
    byId('token').value = '';
    say(byId('token-problem'), '');
    connect();
  } catch (error) {
    say(
      byId('token-problem'),
      error instanceof Refusal && error.status === 401 ? 'That token is not the one.' : error.message,
    );
  }
});

function begun(status) {
  takeNew(status);
  location.hash = status.id;
  show();
  detail.focus();
}

byId('new').addEventListener('click', () => openForm(begun));

window.addEventListener('hashchange', () => {
  show();
  detail.focus();
});

let given = 0;
document.addEventListener('visibilitychange', () => {
  clearTimeout(given);
  if (document.hidden) {
    given = setTimeout(() => {
      stream?.stop();
      stream = null;
      detail.stop();
    }, HIDDEN_FOR_MS);
  } else if (!stream) {
    connect();
  }
});

setInterval(() => {
  const now = Date.now();
  if (lostAt === null) {
    for (const status of migrations.values()) if (!hasEnded(status)) takeSample(status, now);
  }
  if (!document.hidden && byId('login').hidden) show();
  if (lostAt !== null) showConnection();
}, TICK_MS);

show();
connect();
