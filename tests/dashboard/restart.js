// Sluice is killed and started again: the page says so, keeps what it knew, and goes on by itself.
'use strict';
const assert = require('node:assert');
const {visit, tell, shoot, startByForm, awaitState} = require('./browser.js');
const {expectReadable} = require('./checks.js');

tell(url =>
  visit({allowed: /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|status of 503/}, async page => {
    await page.goto(url);
    await startByForm(page);
    await awaitState(page, 'ready');
    const journal = page.getByRole('list', {name: 'Journal'}).getByRole('listitem');
    await journal.filter({hasText: 'ready'}).waitFor();
    const before = await journal.count();
    console.log('kill it');
    await page.getByText('Connection lost').waitFor();
    await page.getByRole('alert').filter({hasText: 'What is shown is from before'}).waitFor();
    await awaitState(page, 'ready');
    await expectReadable(page, 'the page that has lost its service');
    await shoot(page, 'lost');
    console.log('start it');
    await page.getByText('Live', {exact: true}).waitFor();
    await awaitState(page, 'ready');
    await page.getByRole('group', {name: 'Actions'}).getByRole('button', {name: 'Cut over'}).click();
    await page.locator('#confirm').getByRole('button', {name: 'Cut over'}).click();
    await awaitState(page, 'completed');
    // The journal went on where it was: nothing is missing, nothing is told twice.
    await journal.filter({hasText: 'audit.passed'}).waitFor();
    const told = (await (await fetch(url + '/migrate/m1/journal')).json()).journal.map(entry => entry.event);
    assert.ok(told.length > before);
    assert.deepStrictEqual(await journal.locator('.event').allInnerTexts(), told.reverse());
  }),
);
