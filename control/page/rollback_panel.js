// How far a rollback is, or what became of it; its report on request.
import {ask, pathOf} from './api.js';
import {fill, make, say, set} from './dom.js';
import {makeRisk, makeTree} from './findings.js';
import {milliseconds, time} from './numbers.js';

const STEPS = ['stop', 'record', 'check', 'backup', 'clean', 'verify'];
const PHASES = {
  deferred: ['wait', 'put off: the migration is paused until then'],
  running: ['busy', 'running'],
  completed: ['good', 'completed'],
  failed: ['bad', 'failed; the shadow table is kept'],
  went_on: ['good', 'not needed: the guards were quiet, the migration went on'],
  withdrawn: ['idle', 'withdrawn'],
  overtaken: ['idle', 'overtaken: the migration came to another end first'],
};

function makeReport(report) {
  const steps = (report.steps ?? []).map(step =>
    make(
      'tr',
      {},
      make('th', {scope: 'row'}, step.step),
      make('td', {class: step.problem ? 'problem' : null}, step.outcome),
      make('td', {}, milliseconds(step.ms)),
    ),
  );
  const {steps: told, ...rest} = report;
  return [
    make(
      'div',
      {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Steps'},
      make('table', {class: 'figures'}, make('caption', {}, 'Steps'), make('tbody', {}, steps)),
    ),
    make('details', {}, make('summary', {}, 'All of it'), makeTree(rest)),
  ];
}

export function makeRollbackPanel() {
  const badge = make('span', {class: 'badge'});
  const steps = STEPS.map(name => make('li', {}, name));
  const facts = make('p', {class: 'soft'});
  const waiting = make('p');
  const problem = make('p', {class: 'problem', role: 'alert'});
  const risk = make('div');
  const report = make('div');
  const button = make('button', {type: 'button', class: 'small'}, 'Show the report');
  const element = make(
    'section',
    {class: 'panel', 'aria-labelledby': 'rollback-title', hidden: true},
    make('div', {class: 'heading'}, make('h3', {id: 'rollback-title'}, 'Rollback'), badge, button),
    facts,
    make('ol', {class: 'phases six'}, steps),
    waiting,
    problem,
    risk,
    report,
  );
  let shown = null;

  button.addEventListener('click', async () => {
    try {
      const answer = await ask(pathOf(shown, 'rollback'));
      fill(report, answer, () => makeReport(answer));
    } catch (error) {
      fill(report, error.message, () => make('p', {class: 'problem'}, error.message));
    }
  });

  return {
    element,
    show(status) {
      const {rollback} = status;
      element.hidden = !rollback;
      if (shown !== status.id) report.replaceChildren();
      shown = status.id;
      if (!rollback) return;
      const [tone, words] = PHASES[rollback.phase] ?? ['wait', rollback.phase];
      say(badge, words);
      set(badge, 'data-tone', tone);
      const when = rollback.at ? `, at ${time(rollback.at)}` : rollback.window ? `, within ${rollback.window}` : '';
      say(facts, `${rollback.strategy}${when}${rollback.reason ? `: ${rollback.reason}` : ''}`);
      const at = STEPS.indexOf(rollback.step);
      steps.forEach((step, i) => set(step, 'aria-current', rollback.phase === 'running' && i === at ? 'step' : null));
      say(waiting, rollback.waiting_for ? `Waits for ${rollback.waiting_for}.` : '');
      say(problem, rollback.problem ?? '');
      fill(risk, [rollback.risk, tone === 'good'], () =>
        tone !== 'good' && rollback.risk?.level ? makeRisk(rollback.risk) : null,
      );
    },
  };
}
