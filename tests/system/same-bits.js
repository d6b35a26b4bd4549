/* same-bits.js -- node tests/system/same-bits.js MODULE.wasm: what the engine of the playground trains.
 *
 * Lines in: NAME RECIPE section.key=value ...; lines out: NAME and the fingerprint of the weights after train.steps. */
'use strict';
const fs = require('fs');
const makeEngine = eval(fs.readFileSync('src/web/engine.js', 'utf8') + '; makeEngine');

(async () => {
  const module = new WebAssembly.Module(fs.readFileSync(process.argv[2]));
  for (const line of fs.readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
    const [name, recipe, ...settings] = line.split(' ').filter(Boolean);
    const ask = await makeEngine(module, new Map());
    const steps = Number(settings.find(s => s.startsWith('train.steps=')).split('=')[1]);
    const answers = [ask('open', recipe, settings.join('\n')), ask('step', steps), ask('save', 'now')];
    const bad = answers.find(a => a.error);
    console.log(name, bad ? bad.error : answers[2].hash);
  }
})();
