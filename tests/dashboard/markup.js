// A table may be called anything: names, alters and errors are text wherever they are shown.
'use strict';
const assert = require('node:assert');
const {visit, tell, shoot, startByForm, press, awaitState} = require('./browser.js');

tell((url, name) =>
  visit({allowed: /status of (400|409|422)/}, async page => {
    page.on('dialog', () => assert.fail('a script ran'));
    await page.goto(url);
    await startByForm(page, {
      table: name,
      alter: "ADD COLUMN `<script>alert(2)</script>` INT, COMMENT '<svg onload=alert(3)>'",
    });
    await awaitState(page, 'ready');
    await page.getByRole('heading', {name: 'test.' + name}).waitFor();
    await page.getByText('<svg onload=alert(3)>').first().waitFor();
    await shoot(page, 'shown');
    const dialog = await press(page, 'Cut over');
    await dialog.getByText(name).first().waitFor();
    await dialog.getByRole('button', {name: 'Cut over'}).click();
    await awaitState(page, 'completed');
    assert.strictEqual(await page.locator('#detail img, #detail script, #list img, #list script').count(), 0);

    // And in what the service answers.
    await page.getByRole('button', {name: 'New migration'}).click();
    const form = page.getByRole('dialog', {name: 'New migration'});
    await form.getByLabel('Database').fill('test');
    await form.getByLabel('Table').fill('<img src=y onerror=alert(4)>');
    await form.getByLabel('Alter').fill('ADD COLUMN c INT');
    await form.getByRole('button', {name: 'Check'}).click();
    await form.getByRole('alert').filter({hasText: '<img src=y'}).waitFor();
    assert.strictEqual(await form.locator('img').count(), 0);
  }),
);
