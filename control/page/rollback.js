// How to roll back, and what the service says that would mean: its dry run is asked again with each choice.
import {ask, pathOf} from './api.js';
import {fill, make} from './dom.js';
import {makeRisk, makeTree} from './findings.js';
import {duration} from './numbers.js';

const STRATEGIES = [
  ['immediate', 'At once: panic, then clean up.'],
  ['graceful', 'Finish the batch at hand, then clean up.'],
  ['deferred', 'Pause now; go on or roll back at a time, or within a window, as the guards say then.'],
];

export function makeRollback(status) {
  const radios = STRATEGIES.map(([name, means]) =>
    make(
      'label',
      {class: 'choice'},
      make('input', {type: 'radio', name: 'strategy', value: name, checked: name === 'graceful'}),
      make('span', {}, make('strong', {}, name), ' ', make('span', {class: 'soft'}, means)),
    ),
  );
  const at = make('input', {type: 'datetime-local', id: 'rollback-at'});
  const window = make('input', {type: 'text', id: 'rollback-window', placeholder: '02:00-04:30 UTC'});
  const when = make(
    'div',
    {class: 'pair', hidden: true},
    make('div', {}, make('label', {for: 'rollback-at'}, 'At'), at),
    make('div', {}, make('label', {for: 'rollback-window'}, 'or within'), window),
  );
  const reason = make('input', {type: 'text', id: 'rollback-reason', autocomplete: 'off', maxlength: '1000'});
  const estimate = make('div', {class: 'estimate', 'aria-live': 'polite'});
  const element = make(
    'fieldset',
    {},
    make('legend', {}, 'How'),
    radios,
    when,
    make('div', {class: 'field'}, make('label', {for: 'rollback-reason'}, 'Why, for the report'), reason),
    estimate,
  );
  let asked = 0;

  const strategy = () => element.querySelector('input[name=strategy]:checked').value;

  function body() {
    const wanted = {strategy: strategy()};
    if (reason.value.trim()) wanted.reason = reason.value.trim();
    if (wanted.strategy !== 'deferred') return wanted;
    if (at.value) wanted.at = new Date(at.value).toISOString();
    if (window.value.trim()) wanted.window = window.value.trim();
    return wanted;
  }

  async function refresh() {
    when.hidden = strategy() !== 'deferred';
    const mine = ++asked;
    if (strategy() === 'deferred' && !at.value && !window.value.trim()) {
      fill(estimate, 'when', () => make('p', {class: 'soft'}, 'Say when.'));
      return;
    }
    fill(estimate, 'asking', () => make('p', {class: 'soft'}, 'Asking for an estimate…'));
    try {
      const answer = await ask(pathOf(status.id, 'rollback'), {method: 'POST', body: {...body(), dry_run: true}});
      if (mine === asked) fill(estimate, answer, () => makeEstimate(answer));
    } catch (error) {
      if (mine === asked) fill(estimate, error.message, () => make('p', {class: 'problem'}, error.message));
    }
  }

  function makeEstimate(answer) {
    const estimate = answer.estimate ?? {};
    return [
      make('h3', {}, 'Estimate'),
      make(
        'p',
        {},
        `About ${duration(Math.ceil(estimate.seconds ?? 0))}`,
        make('span', {class: 'soft'}, estimate.measured ? ', by what was measured on this server.' : ', a guess.'),
      ),
      makeRisk({level: estimate.risk ?? 'unknown', reasons: estimate.reasons}),
      make('details', {}, make('summary', {}, 'All of it'), makeTree(answer)),
    ];
  }

  element.addEventListener('change', event => {
    if (event.target !== reason) refresh();
  });
  refresh();
  return {element, body};
}
