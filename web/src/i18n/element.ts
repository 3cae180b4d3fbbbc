/** Element Plus's own few words, in the two languages; only those of the components that the console uses. */
const EN = {
  name: 'en',
  el: {
    select: { loading: 'Loading', noMatch: 'Nothing matches', noData: 'Nothing to choose from', placeholder: 'Select' },
    dialog: { close: 'Close' },
    drawer: { close: 'Close' },
    table: { emptyText: 'Nothing here' },
    inputNumber: { decrease: 'Less', increase: 'More' },
    dropdown: { toggleDropdown: 'Open the menu' },
    popconfirm: { confirmButtonText: 'Yes', cancelButtonText: 'No' },
  },
}
const ZH = {
  name: 'zh-cn',
  el: {
    select: { loading: '加载中', noMatch: '没有匹配项', noData: '没有可选项', placeholder: '请选择' },
    dialog: { close: '关闭' },
    drawer: { close: '关闭' },
    table: { emptyText: '暂无数据' },
    inputNumber: { decrease: '减少', increase: '增加' },
    dropdown: { toggleDropdown: '打开菜单' },
    popconfirm: { confirmButtonText: '是', cancelButtonText: '否' },
  },
}

export function elementLocale(language: string) {
  return language === 'en' ? EN : ZH
}
