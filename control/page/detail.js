// One migration, whole. Made once, and then only brought up to date: what has the focus keeps it.
import {possible} from './actions.js';
import {makeCharts} from './charts.js';
import {makeCutOver} from './cut_over.js';
import {fill, make, say, set} from './dom.js';
import {makeFacts} from './facts.js';
import {makeGate} from './gate.js';
import {makeJournal} from './journal.js';
import {makeProgress} from './progress.js';
import {makeRollbackPanel} from './rollback_panel.js';
import {percent} from './numbers.js';
import {warnings} from './warnings.js';
import {situation, stateWord, toneOf} from './words.js';

const ACCEPTED_SHOWN_MS = 10000;

const quoted = name => (/^\w+$/.test(name) ? name : '`' + name.replaceAll('`', '``') + '`');

// Of the parts that tell of one state, in the order in which they matter.
export function makeDetail(element, onAction) {
  const title = make('h2', {id: 'detail-title', tabindex: '-1'});
  const badge = make('span', {class: 'badge big'});
  const alter = make('code', {class: 'alter'});
  const says = make('p', {class: 'says'});
  const next = make('p', {class: 'next'});
  const box = make('div', {class: 'situation'}, says, next);
  const warned = make('ul', {class: 'warnings', 'aria-label': 'Worth a look'});
  const progress = makeProgress();
  const buttons = make('div', {class: 'actions', role: 'group', 'aria-label': 'Actions'});
  const accepted = make('p', {class: 'accepted soft', role: 'status'});
  const announcement = make('p', {class: 'hidden', 'aria-live': 'polite'});
  const charts = makeCharts();
  const gate = makeGate();
  const cutOver = makeCutOver();
  const rollback = makeRollbackPanel();
  const journal = makeJournal();
  const facts = makeFacts();
  const all = [
    make(
      'section',
      {class: 'panel head', 'aria-labelledby': 'detail-title'},
      make('div', {class: 'heading'}, title, badge),
      alter,
      box,
      warned,
      progress.element,
      buttons,
      accepted,
      announcement,
    ),
    rollback.element,
    charts.element,
    make('div', {class: 'side-by-side'}, gate.element, cutOver.element),
    journal.element,
    facts.element,
  ];
  let acceptedTimer = 0;
  let shown = null;
  let latest = null;

  function makeButtons() {
    return possible(latest).map(action =>
      make(
        'button',
        {
          type: 'button',
          class: action.weight,
          'data-action': action.name,
          click: () => onAction(latest, possible(latest).find(one => one.name === action.name) ?? action),
        },
        action.label,
      ),
    );
  }

  // Each tenth of the way, and what is new; not figures that change all the time.
  let announced = '';
  function announce(status, words) {
    const tenth = percent(Math.floor(status.progress * 10) / 10);
    const about = [status.id, stateWord(status), tenth, words.replace(/[\d.,]+/g, '')].join();
    if (announced !== about) say(announcement, `${status.table}: ${stateWord(status)}, ${tenth}. ${words}`);
    announced = about;
  }

  function showButtons(status) {
    const had = buttons.contains(document.activeElement) ? document.activeElement.dataset.action : null;
    fill(buttons, [status.id, possible(status).map(action => [action.name, action.weight])], makeButtons);
    // The button that was used may be another one now.
    if (had && !buttons.contains(document.activeElement))
      (buttons.querySelector(`[data-action="${had}"]`) ?? buttons.firstElementChild ?? title).focus();
  }

  return {
    show(status, now) {
      latest = status;
      if (shown !== status.id) {
        element.replaceChildren(...all);
        say(accepted, '');
      }
      journal.show(status);
      shown = status.id;
      say(title, status.database + '.' + status.table);
      say(badge, stateWord(status));
      set(badge, 'data-tone', toneOf(status));
      say(alter, `ALTER TABLE ${quoted(status.table)} ${status.alter}`);
      const words = situation(status);
      say(says, words.says);
      say(next, words.next);
      next.hidden = !words.next;
      set(box, 'data-tone', toneOf(status));
      const worth = warnings(status);
      fill(warned, worth, () => worth.map(({tone, text}) => make('li', {'data-tone': tone}, text)));
      warned.hidden = !worth.length;
      announce(status, words.says);
      progress.show(status);
      showButtons(status);
      gate.show(status);
      cutOver.show(status);
      rollback.show(status);
      facts.show(status);
      charts.show(status, now);
    },
    showNothing(children) {
      journal.stop();
      shown = null;
      fill(element, ['nothing', Date.now()], () => children);
    },
    accepted(text) {
      say(accepted, text);
      clearTimeout(acceptedTimer);
      acceptedTimer = setTimeout(() => say(accepted, ''), ACCEPTED_SHOWN_MS);
    },
    focus() {
      title.focus();
    },
    stop() {
      journal.stop();
      shown = null;
    },
  };
}
