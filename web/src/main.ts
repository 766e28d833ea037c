import { askAhead } from './api/ahead'
import { loadWords, startLanguage } from './languages'
import { pageAt } from './routes'
import './style.css'

// What is surely needed sets out at once, side by side: the first answers, the words, the opened page, and what holds them
const root = new URL(document.baseURI)
askAhead(root, location)
void loadWords(startLanguage())
void pageAt(location.pathname, root.pathname)?.load()
void import('./begin').then(({ begin }) => begin(root))
// The first writer of numbers takes 30 ms, which nobody misses while scripts are on their way
new Intl.NumberFormat(startLanguage()).format(0)
