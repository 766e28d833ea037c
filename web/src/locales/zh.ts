import { merged } from './merged'

export default merged(import.meta.glob('./zh/*.json', { eager: true, import: 'default' }))
export { default as sentences } from '@/sentences/zh.json'
