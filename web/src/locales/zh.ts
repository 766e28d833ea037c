import { merged } from './merged'

export default merged(import.meta.glob('./zh/*.json', { eager: true, import: 'default' }))
