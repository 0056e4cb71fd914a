"""What is wrong with a document, in the shipped languages: the English words as they are raised, and the Spanish."""

from collections.abc import Mapping

IN_SPANISH: Mapping[str, str] = {
    "must be an object": "debe ser un objeto",
    "no such key": "no existe esa clave",
    "is missing": "falta",
    "must be a list": "debe ser una lista",
    "needs at least 1 item": "necesita al menos un elemento",
    "needs at least {least} items": "necesita al menos {least} elementos",
    "has {n} items; at most {most} are allowed": "tiene {n} elementos; se permiten {most} como máximo",
    "must be text": "debe ser texto",
    "is empty": "está vacío",
    "is longer than {most} characters": "tiene más de {most} caracteres",
    "has a control character": "contiene un carácter de control",
    "must be an object of words by language": "debe ser un objeto con las palabras por idioma",
    "at most {most} languages are allowed": "se permiten {most} idiomas como máximo",
    "is not a language code such as en or es": "no es un código de idioma como en o es",
    "the English words are missing": "faltan las palabras en inglés",
    "must be 1 to 40 letters, digits, dots, dashes or underscores": (
        "deben ser de 1 a 40 letras, cifras, puntos, guiones o guiones bajos"
    ),
    "must be 1 to 40 small letters, digits or underscores, a letter first": (
        "deben ser de 1 a 40 letras minúsculas, cifras o guiones bajos, primero una letra"
    ),
    "must be one of {choices}; not {value}": "debe ser uno de {choices}; no {value}",
    "must be a whole number": "debe ser un número entero",
    "must be between {low} and {high}": "debe estar entre {low} y {high}",
    "must be true or false": "debe ser true o false",
    "is larger than {most} bytes": "ocupa más de {most} bytes",
    "is nested too deep": "tiene demasiados niveles",
    "is not JSON: {why}": "no es JSON: {why}",
    "no priority 1 goes to a CSO or a referral": "ninguna prioridad 1 va a un CSO ni a un servicio",
    "the default is sworn: nothing falls through to a CSO": (
        "por defecto es juramentado: nada llega a un CSO por descarte"
    ),
    "an invariant can only say that a call is sworn": "una invariante solo puede decir que la llamada es juramentada",
    "{value} is named twice": "{value} se nombra dos veces",
    "the id {id} is used twice, also at {where}": "el identificador {id} se usa dos veces, también en {where}",
    "the key {key} occurs twice in one object": "la clave {key} aparece dos veces en un objeto",
    "{name} is not a number": "{name} no es un número",
    "{value} is not one of the agency's types in use": "{value} no es uno de los tipos en uso de la agencia",
    "{value} is not one of the agency's categories in use": "{value} no es una de las categorías en uso de la agencia",
    "{value} is not one of the agency's areas in use": "{value} no es una de las zonas en uso de la agencia",
    "{value} is not one of the agency's qualifications in use": (
        "{value} no es una de las cualificaciones en uso de la agencia"
    ),
    "the document has more than {most} conditions": "el documento tiene más de {most} condiciones",
    "is nested deeper than {most}": "tiene más de {most} niveles",
    "must be a condition: all, any, not, or a field with one comparison": (
        "debe ser una condición: all, any, not, o un campo con una comparación"
    ),
    "must have exactly one of all, any, not, or a field with one comparison": (
        "debe tener exactamente uno de all, any, not, o un campo con una comparación"
    ),
    "no such condition; use all, any, not or field": "no existe esa condición; use all, any, not o field",
    "needs exactly one comparison: {operators}": "necesita exactamente una comparación: {operators}",
    "{name} cannot be compared so; use {operators}": "{name} no se puede comparar así; use {operators}",
    "no such field: {name}": "no existe ese campo: {name}",
    "no question has the code {code}": "ninguna pregunta tiene el código {code}",
    "the first number is above the second; use any of two ranges to pass midnight": (
        "el primer número es mayor que el segundo; para pasar la medianoche use any con dos intervalos"
    ),
    "names a value twice": "nombra dos veces un valor",
    "needs two different people": "necesita dos personas distintas",
}
