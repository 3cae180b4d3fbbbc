import common from './common.json'
import words from './words.json'
import work from './work.json'
import resources from './resources.json'
import people from './people.json'

export default { ...common, ...words, ...work, ...resources, ...people }
