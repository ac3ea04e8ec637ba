// A rollback: what it would take is told before; put off and withdrawn, then done, with a report of its steps.
'use strict';
const assert = require('node:assert');
const {visit, tell, shoot, startByForm, press, awaitState, awaitWords} = require('./browser.js');
const {expectReadable} = require('./checks.js');

const HOUR_MS = 3600000;

// As the input takes it, in the browser's own time.
const inAnHour = page =>
  page.evaluate(ms => {
    const at = new Date(Date.now() + ms);
    return new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
  }, HOUR_MS);

tell(url =>
  visit({}, async page => {
    await page.goto(url);
    await startByForm(page);
    await awaitState(page, 'ready');

    let dialog = await press(page, 'Roll back…');
    await dialog.getByRole('heading', {name: 'Estimate'}).waitFor();
    await dialog.getByText(/risk: (low|medium|high)/).waitFor();
    await expectReadable(page, 'the rollback');
    await shoot(page, 'estimate');
    await dialog.getByLabel('deferred').check();
    await dialog.getByText('Say when.').waitFor();
    await dialog.getByLabel('At', {exact: true}).fill(await inAnHour(page));
    await dialog.getByText(/risk: /).waitFor();
    await dialog.getByRole('button', {name: 'Roll back'}).click();
    await awaitState(page, 'ready, paused');
    await awaitWords(page, 'the guards decide whether it goes on or is rolled back');

    dialog = await press(page, 'Resume');
    await dialog.getByText('is withdrawn').waitFor();
    await dialog.getByRole('button', {name: 'Resume'}).click();
    await awaitState(page, 'ready');
    await page.getByRole('region', {name: 'Rollback'}).getByText('withdrawn').waitFor();

    dialog = await press(page, 'Roll back…');
    await dialog.getByLabel('immediate').check();
    await dialog.getByLabel('Why, for the report').fill('<b>the index is wrong</b>');
    await dialog.getByText(/risk: /).waitFor();
    await dialog.getByRole('button', {name: 'Roll back'}).click();
    await awaitState(page, 'stopped');
    await awaitWords(page, 'Rolled back. The table is as it was');
    assert.equal(await page.getByRole('button', {name: 'Clean up'}).count(), 0, 'nothing is left to clean up');
    const panel = page.getByRole('region', {name: 'Rollback'});
    await panel.getByText('<b>the index is wrong</b>').waitFor();
    await panel.getByRole('button', {name: 'Show the report'}).click();
    await panel.getByRole('row', {name: /^verify/}).waitFor();
    await expectReadable(page, 'the report');
    await panel.scrollIntoViewIfNeeded();
    await shoot(page, 'report');
  }),
);
