// Asks before anything is done, and says what will happen.
import {ask, pathOf} from './api.js';
import {byId, make, say} from './dom.js';
import {makeRollback} from './rollback.js';

// `done` is called with the service's answer once it has accepted.
export function confirmAction(status, action, done) {
  const dialog = byId('confirm');
  const problem = make('p', {class: 'problem', role: 'alert'});
  const choices = action.choices ? makeRollback(status) : null;
  const cancel = make('button', {type: 'button', click: () => dialog.close()}, 'Leave it');
  const go = make('button', {class: action.weight === 'danger' ? 'danger' : 'primary'}, action.does);
  const form = make(
    'form',
    {submit},
    make('h2', {id: 'confirm-title'}, action.title),
    make(
      'ul',
      {class: 'tells', id: 'confirm-tells'},
      action.tells.map(text => make('li', {}, text)),
    ),
    choices?.element,
    problem,
    make('div', {class: 'buttons'}, cancel, go),
  );
  dialog.setAttribute('aria-describedby', 'confirm-tells');
  dialog.replaceChildren(form);
  dialog.showModal();
  // A stray Enter does no harm.
  cancel.focus();

  async function submit(event) {
    event.preventDefault();
    go.disabled = true;
    try {
      const answer = await ask(pathOf(status.id, action.name), {
        method: 'POST',
        body: choices ? choices.body() : undefined,
      });
      dialog.close();
      done(answer, action);
    } catch (error) {
      say(problem, error.message);
      go.disabled = false;
    }
  }
}
