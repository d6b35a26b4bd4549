/* lessons.js -- the presets: a question, three answers, what happens and why. Settings are those of a recipe, and each
 * `why` says what the runs of these settings did; tests/browser/playground.py trains every one of them in the program too. */
'use strict';
const SMALL = 'data.n_train=1024';
const DEEP = SMALL + ' image.layers=64,64,64,32 text.layers=64,64,64,32';
const SHAPES = SMALL + ' image.layers=96,32 text.layers=32 text.buckets=1024 text.bag_dim=64 train.batch=64 optim.schedule=constant ' +
  'optim.warmup=0 loss.learn_temperature=false optim.weight_decay=0';
const VECTORS = SMALL + ' image.layers=64,32 text.layers=64,32 train.batch=32 loss.learn_temperature=false optim.rate=0.003';
const LESSONS = [
  {name: 'stuck', title: 'A loss that does not move', recipe: 'collapse', settings: DEEP,
    ask: 'Two deep sigmoid towers, seven pairs per batch. The loss stays at 1.9459. What does that number say?',
    answers: ['training is nearly done', 'every pair looks the same: ln 7', 'the rate is too large'], right: 1,
    why: 'All rows of a side have nearly the same embedding, so each of seven candidates gets probability 1/7, and -ln(1/7) = 1.9459. ' +
      'At the point where all are equal the gradient is exactly zero: a saddle. These towers wait near it for thousands of steps.'},
  {name: 'temperature', title: 'A smaller temperature', recipe: 'collapse', settings: DEEP + ' loss.name=infonce loss.temperature=1',
    beside: 'temperature 0.07', fix: 'loss.temperature=0.07', steps: 700,
    ask: 'The same towers, and next to them the same with temperature 0.07. Which leaves the plateau first?',
    answers: ['temperature 1', 'temperature 0.07', 'neither within 700 steps'], right: 1,
    why: 'Near the saddle the way out grows by about rate / (N temperature) per step. At 0.07 the loss falls after some 600 steps. ' +
      'Leaving is not learning: the word for it is then dimensional-collapse, for its rows lie along one direction. The next lesson asks whether it is the temperature as such.'},
  {name: 'control', title: 'The control: a larger rate instead', recipe: 'collapse', settings: DEEP + ' loss.name=infonce loss.temperature=0.07',
    beside: 'temperature 1, rate 14', fix: 'loss.temperature=1 optim.rate=14', steps: 800,
    ask: 'Left: temperature 0.07, rate 1. Right: temperature 1, rate 14, so that rate / temperature is the same. Does the right one escape?',
    answers: ['no: the temperature matters', 'yes, at about the same time', 'yes, but ten times later'], right: 1,
    why: 'Both leave after 600 to 700 steps: close to the saddle a small temperature acts as a larger step. What it does later, among ' +
      'embeddings that are already spread, is another matter: from then on both are called dimensional-collapse (the right one at times collapsed, onto a few points), ' +
      'and hardly a row finds its partner. One seed is no proof; contrast sweep takes many.'},
  {name: 'adam', title: 'Another optimiser', recipe: 'collapse', settings: DEEP, beside: 'Adam, rate 0.002', fix: 'optim.name=adamw optim.rate=0.002', steps: 100,
    ask: 'Right: Adam with rate 0.002, temperature still 1. How long does it stay on the plateau?',
    answers: ['thousands of steps too', 'a few hundred steps', 'fewer than fifty steps'], right: 2,
    why: 'Adam divides by the size of the gradient, and near a saddle that size is tiny. The loss leaves ln 7 within tens of steps; ' +
      'but look at the singular values: only a few directions come alive, and the word for that is dimensional-collapse.'},
  {name: 'no-negatives', title: 'Without negatives', recipe: 'collapse', settings: DEEP + ' loss.name=positives optim.name=adamw optim.rate=0.002',
    beside: 'with negatives', fix: 'loss.name=question', steps: 150,
    ask: 'Left, the loss only pulls pairs together: 1 - cosine. It falls to 0. Is that good?',
    answers: ['yes: pairs match', 'no: all rows are equal', 'it cannot reach 0'], right: 1,
    why: 'If nothing keeps different rows apart, the cheapest way to make pairs equal is to make everything equal. The loss is 0, ' +
      'the mean cosine of different rows is 1, and an image finds its caption as seldom as by chance. With negatives the rows scatter; but these towers use few directions, which is the other collapse, the dimensional one.'},
  {name: 'shallow', title: 'Shallow towers', recipe: 'collapse',
    settings: DEEP + ' optim.name=adamw optim.rate=0.002 train.batch=64',
    beside: 'two ReLU layers', fix: 'image.layers=64,32 text.layers=64,32 image.activation=relu text.activation=relu', steps: 200,
    ask: 'Right: two ReLU layers instead of four sigmoid ones, temperature still 1. Does temperature 1 collapse them?',
    answers: ['yes, at ln 64', 'no, they spread', 'they diverge'], right: 1,
    why: 'Temperature 1 does not collapse towers by itself. The loss ends at 3.31 and looks stuck, but its floor here is 3.17, not 0, ' +
      'because no cosine is above 1. Compare a loss with its floor before you call it bad: the four layers on the left end hardly higher, at 3.39, ' +
      'and use only three directions.'},
  {name: 'rate', title: 'Too large a step', recipe: 'collapse', settings: DEEP + ' optim.name=adamw optim.rate=0.02',
    beside: 'rate 0.002', fix: 'optim.rate=0.002', steps: 200,
    ask: 'Adam with rate 0.02, four layers. The loss goes below ln 7. Is the embedding healthy?',
    answers: ['yes', 'no: rows lie on a few points, along one or two directions', 'no: all rows are equal'], right: 1,
    why: 'The rows are not all equal, but most are copies of a few: look at the singular values and at the plane. At 0.002 they do not fall on one another, ' +
      'though they use few directions too. The loss alone shows none of it.'},
  {name: 'shapes', title: 'Images and captions', recipe: 'shapes', settings: SHAPES, steps: 150,
    ask: 'Small drawn images, each with a sentence, N = 64, temperature 0.2. After how many steps do most images find their own caption?',
    answers: ['about a hundred', 'thousands', 'never, with an MLP'], right: 0,
    why: 'The pairs separate quickly: the diagonal of the matrix turns to one colour while the rest stays pale. After 150 ' +
      'steps some seven in ten images find their own caption among 200. Type a caption of your own below the charts. ' +
      'Train on, and the share falls again, to 55 in 100 after 1500 steps: 1024 pairs are learnt by heart. The word stays healthy, for it judges one moment and does not know that an earlier one was better.'},
  {name: 'cold', title: 'Too cold', recipe: 'shapes', settings: SHAPES + ' loss.temperature=0.01', beside: 'temperature 0.2',
    fix: 'loss.temperature=0.2', steps: 200,
    ask: 'Temperature 0.01 on the left, 0.2 on the right. The left loss ends lower. Which one retrieves better?',
    answers: ['left', 'right', 'the same'], right: 1,
    why: 'At 0.01 a small difference of cosines is enough for a small loss: the sides stay apart as wholes (after a start of few directions the word is modality-gap), and the ' +
      'training pairs are learnt by heart. Losses at different temperatures cannot be compared. ' +
      'After 200 steps recall is 0.3 on the left and 0.7 on the right (healthy). After 1500 both are near 0.56: the gap has closed by then, and the right one has learnt its pairs by heart.'},
  {name: 'repeats', title: 'Repeated captions', recipe: 'shapes', settings: SHAPES + ' data.first_object=true', beside: 'unicl',
    fix: 'loss.name=unicl', steps: 200,
    ask: 'Captions name only the first object now, so some repeat within a batch. What does the softmax loss make of them?',
    answers: ['nothing: they do no harm', 'false negatives', 'it skips them'], right: 1,
    why: 'A caption that occurs twice in a batch is pushed away from an image that it describes. unicl makes rows with equal captions ' +
      'positives of each other; its loss has a higher floor, and it retrieves somewhat better after 200 steps (0.6 to 0.55) and far better after 1000 (0.66 to 0.4).'},
  {name: 'circle', title: 'Two dimensions', recipe: 'latent', settings: VECTORS.replaceAll('64,32', '32,2') + ' loss.temperature=1', beside: 'no negatives',
    fix: 'loss.name=positives', steps: 300,
    ask: 'Vectors on a circle: only two dimensions. Right: the same without negatives. What happens on the right?',
    answers: ['they spread all round', 'they gather in one arc', 'pairs part'], right: 1,
    why: 'On the left pairs approach each other and different rows are pushed apart, all round the circle. There is little room on it for 200 rows: hardly one finds its own partner, ' +
      'and the word is uncertain, because pairs match better than by chance, but weakly. On the right nothing pushes: all rows gather in an arc, and the word is collapsed.'},
  {name: 'sphere', title: 'Three dimensions', recipe: 'latent', settings: VECTORS.replaceAll('64,32', '32,3').replace('0.003', '0.01'), beside: '32 dimensions',
    fix: 'image.layers=32,32 text.layers=32,32', steps: 400,
    ask: 'The same vectors on a sphere, which can be turned; right: in 32 dimensions. Which loss is lower in the end?',
    answers: ['three dimensions', '32 dimensions', 'the same'], right: 1,
    why: 'Rows that should lie apart need room: at most d + 1 points can be at equal distance in d dimensions. With 32 the loss falls far lower, and six rows in ten find ' +
      'their partner (healthy). On the sphere the right one is among the nearest but seldom the nearest, so the word is uncertain: neither collapsed nor good enough.'},
];
