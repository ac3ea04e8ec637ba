// Pause, resume, roll back, panic: each asks before, and says what will happen.
'use strict';
const assert = require('node:assert');
const {visit, tell, shoot, startByForm, press, awaitState, awaitWords} = require('./browser.js');
const {expectReadable} = require('./checks.js');

const isOffered = (page, name) =>
  page.getByRole('group', {name: 'Actions'}).getByRole('button', {name, exact: true}).isVisible();

tell(url =>
  visit({allowed: /status of (400|409)/}, async page => {
    await page.goto(url);
    await startByForm(page);
    await awaitState(page, 'ready');

    let dialog = await press(page, 'Pause');
    await dialog.getByText('Clients go on as before').waitFor();
    await dialog.getByRole('button', {name: 'Pause'}).click();
    await awaitState(page, 'ready, paused');
    await awaitWords(page, 'Paused by hand');
    assert.ok(!(await isOffered(page, 'Cut over')), 'a cut-over is not possible while it is paused');
    dialog = await press(page, 'Resume');
    await dialog.getByText('It goes on where it was paused').waitFor();
    await dialog.getByRole('button', {name: 'Resume'}).click();
    await awaitState(page, 'ready');

    // Whoever hits Enter by mistake has done nothing.
    dialog = await press(page, 'Panic');
    await dialog.getByText('Nothing is swapped.').waitFor();
    await expectReadable(page, 'the panic');
    await shoot(page, 'panic');
    await page.keyboard.press('Enter');
    await dialog.waitFor({state: 'hidden'});
    await awaitState(page, 'ready');

    dialog = await press(page, 'Panic');
    await dialog.getByRole('button', {name: 'Panic'}).click();
    await awaitState(page, 'panicked');
    await awaitWords(page, '_orders_gho is kept for study');
    dialog = await press(page, 'Clean up');
    await dialog.getByRole('button', {name: 'Clean up'}).click();
    await page.getByText('“Clean up” was accepted').waitFor();

    await startByForm(page, {more: '{"nice_ratio": 50, "chunk_size": 10, "chunk_time_ms": 1, "copy_threads": 1}'});
    await awaitWords(page, 'Copying rows');
    await fetch(url + '/migrate/m2', {method: 'PATCH', body: '{"options": {"throttle_query": "SELECT 1"}}'});
    await awaitWords(page, 'The throttle query says to hold back.');
    dialog = await press(page, 'Stop');
    await dialog.getByText('is dropped').waitFor();
    await dialog.getByRole('button', {name: 'Stop'}).click();
    await awaitState(page, 'stopped');
    await awaitWords(page, 'Stopped. The table is as it was');
    await shoot(page, 'stopped');
  }),
);
