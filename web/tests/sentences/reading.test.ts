import { describe, expect, it } from 'vitest'
import { makeReader } from '@/sentences/reading'
import zh from '@/sentences/zh.json'

const read = makeReader(zh)

describe('a sentence of the service', () => {
  it.each([
    ['Quiet hours.', '静默时段。'],
    ['Name and hash are those that the workflow says.', '名称和哈希都与工作流所写一致。'],
    ['With task 12, which fetches the same.', '与获取相同内容的任务 12 一起进行。'],
    ['12 GiB are needed in /models, 3 GiB are free', '/models 需要 12 GiB，剩余 3 GiB'],
  ])('is said in Chinese: %s', (english, chinese) => expect(read(english)).toBe(chinese))

  it('keeps what it fills in as it is, names above all', () => {
    expect(read('Flux.1 D/Ink wash.safetensors has the hash that CivitAI says.')).toBe('Flux.1 D/Ink wash.safetensors 的哈希与 CivitAI 所给一致。')
    expect(read('A hub says of these bytes: SD 1.5.')).toBe('平台对此内容的说明：SD 1.5。')
  })

  it('is read within another one', () => {
    expect(read('Try 2 of 6: example.org failed (503).')).toBe('第 2/6 次尝试：example.org 出错（503）。')
    expect(read('It is not here; the workflow says its address. No hub was asked.')).toBe('本机没有；工作流写明了地址。未向任何平台查询。')
  })

  it('is read by its parts, where it lists reasons', () => {
    expect(read('the very name, in a folder loras, 1,234 downloads')).toBe('名称完全一致，位于文件夹 loras，1,234 次下载')
    expect(read('Found by a search at CivitAI: the very name, a lora (85 of 100).')).toBe('在 CivitAI 搜索到：名称完全一致，类型为 lora（85/100）。')
  })

  it('that nobody knows is left alone, beside one that is known, too', () => {
    expect(read('Something new happened.')).toBeNull()
    expect(read('')).toBeNull()
    expect(read('Something new happened. Trying again.')).toBe('Something new happened. 正在重试。')
  })

  it('takes no time worth telling, however long it is', () => {
    const begun = performance.now()
    read(`For room: ${'a, '.repeat(20_000)}`)
    expect(performance.now() - begun).toBeLessThan(1000)
  })
})
