//! The module in fewer bytes, with the same meaning, and without custom sections (names, producers).
//!
//! - The functions that are called most often come first, where an index takes one byte. The others keep their order.
//! - A constant that is long and frequent becomes a global. Most are marks of "none", which the compiler keeps in lengths, as a number of five bytes.
//!
//! Source: WebAssembly Core Specification 2.0, section 5.

// Few of some hundred instructions matter here.
#![allow(clippy::wildcard_enum_match_arm)]

use std::cmp::Reverse;
use std::collections::HashMap;
use std::convert::Infallible;

use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{CodeSection, ConstExpr, Encode as _, FunctionSection, GlobalSection, GlobalType};
use wasm_encoder::{Instruction, Module, ValType};
use wasmparser::{CodeSectionReader, CustomSectionReader, FunctionBody, FunctionSectionReader, GlobalSectionReader};
use wasmparser::{Operator, Parser, Payload, TypeRef};

type Error = reencode::Error<Infallible>;

/// Indices below take one byte.
const ONE_BYTE: usize = 128;
/// A constant of this many bytes, at this many places, is better a global.
const LONG: usize = 4;
const FREQUENT: usize = 20;

/// The module, packed.
pub(crate) fn pack(module: &[u8]) -> Result<Vec<u8>, Error> {
    let mut packer = Packer::plan(module)?;
    let mut packed = Module::new();
    packer.parse_core_module(&mut packed, Parser::new(0), module)?;
    let packed = packed.finish();
    wasmparser::validate(&packed)?;
    Ok(packed)
}

struct Packer {
    /// How many functions are imported. Their indices come first, and stay.
    imported: usize,
    /// The module's own functions in their new order, by their old places.
    order: Vec<usize>,
    /// The reverse: their new places.
    places: Vec<usize>,
    /// The constants that become globals, in order.
    constants: Vec<i32>,
    /// Their indices.
    globals: HashMap<i32, u32>,
}

impl Packer {
    /// Counts calls and constants.
    fn plan(module: &[u8]) -> Result<Self, Error> {
        let (mut imported, mut own_globals) = (0, 0);
        let mut calls: Vec<usize> = Vec::new();
        let mut constants: HashMap<i32, usize> = HashMap::new();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::FunctionSection(functions) => calls = vec![0; functions.count() as usize],
                Payload::GlobalSection(globals) => own_globals = globals.count(),
                Payload::CodeSectionEntry(body) => {
                    for operator in body.get_operators_reader()? {
                        match operator? {
                            Operator::Call { function_index } => {
                                let own = (function_index as usize).checked_sub(imported);
                                if let Some(count) = own.and_then(|place| calls.get_mut(place)) {
                                    *count += 1;
                                }
                            }
                            Operator::I32Const { value } => *constants.entry(value).or_default() += 1,
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }

        let mut order: Vec<usize> = (0..calls.len()).collect();
        order.sort_by_key(|place| Reverse(calls.get(*place)));
        let one_byte = ONE_BYTE.saturating_sub(imported).min(order.len());
        let (first, others) = order.split_at_mut(one_byte);
        first.sort_unstable();
        others.sort_unstable();
        let mut places = vec![0; order.len()];
        for (new, old) in order.iter().enumerate() {
            places[*old] = new;
        }

        // Where there is no section of globals, there is no place for more.
        constants.retain(|value, count| own_globals > 0 && *count >= FREQUENT && length(*value) >= LONG);
        let mut constants: Vec<(i32, usize)> = constants.into_iter().collect();
        constants.sort_by_key(|(value, count)| (Reverse(*count), *value));
        let constants: Vec<i32> = constants.into_iter().map(|(value, _)| value).collect();
        let globals = constants.iter().copied().zip(own_globals..).collect();
        Ok(Self { imported, order, places, constants, globals })
    }
}

impl Reencode for Packer {
    type Error = Infallible;

    /// None is kept.
    fn parse_custom_section(&mut self, _: &mut Module, _: CustomSectionReader<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn function_index(&mut self, index: u32) -> Result<u32, Error> {
        let own = (index as usize).checked_sub(self.imported);
        let place = own.and_then(|place| self.places.get(place));
        Ok(place.map_or(index, |place| (self.imported + place) as u32))
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        let types = section.into_iter().collect::<Result<Vec<u32>, _>>()?;
        for old in &self.order {
            functions.function(types[*old]);
        }
        Ok(())
    }

    fn parse_code_section(&mut self, code: &mut CodeSection, section: CodeSectionReader<'_>) -> Result<(), Error> {
        let bodies = section.into_iter().collect::<Result<Vec<FunctionBody<'_>>, _>>()?;
        for old in self.order.clone() {
            self.parse_function_body(code, bodies[old].clone())?;
        }
        Ok(())
    }

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Result<(), Error> {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        for operator in body.get_operators_reader()? {
            let instruction = self.instruction(operator?)?;
            let global = match instruction {
                Instruction::I32Const(value) => self.globals.get(&value),
                _ => None,
            };
            function.instruction(&global.map_or(instruction, |index| Instruction::GlobalGet(*index)));
        }
        code.function(&function);
        Ok(())
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: GlobalSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_global_section(self, globals, section)?;
        for value in &self.constants {
            let constant = GlobalType { val_type: ValType::I32, mutable: false, shared: false };
            globals.global(constant, &ConstExpr::i32_const(*value));
        }
        Ok(())
    }
}

/// How many bytes the instruction takes that pushes the constant.
fn length(value: i32) -> usize {
    let mut bytes = Vec::new();
    Instruction::I32Const(value).encode(&mut bytes);
    bytes.len()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use wasm_encoder::{
        ElementSection, Elements, EntityType, ExportKind, ExportSection, Function, ImportSection, RefType,
        TableSection, TableType, TypeSection,
    };

    use super::*;

    const FUNCTIONS: u32 = 300;
    /// One that is called from everywhere, and its place behind the import.
    const HELPER: u32 = 250;

    /// Functions that are exported under their numbers, call the helper, and push their numbers and a long constant.
    fn module() -> Vec<u8> {
        let mut module = Module::new();
        let mut types = TypeSection::new();
        types.ty().function([], []);
        module.section(&types);
        let mut imports = ImportSection::new();
        imports.import("page", "clock", EntityType::Function(0));
        module.section(&imports);
        let mut functions = FunctionSection::new();
        for _ in 0..FUNCTIONS {
            functions.function(0);
        }
        module.section(&functions);
        let mut tables = TableSection::new();
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            minimum: 2,
            maximum: Some(2),
            table64: false,
            shared: false,
        });
        module.section(&tables);
        let mut globals = GlobalSection::new();
        let stack = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        globals.global(stack, &ConstExpr::i32_const(i32::MIN));
        module.section(&globals);
        let mut exports = ExportSection::new();
        for number in 0..FUNCTIONS {
            exports.export(&number.to_string(), ExportKind::Func, number + 1);
        }
        module.section(&exports);
        let mut elements = ElementSection::new();
        elements.active(None, &ConstExpr::i32_const(0), Elements::Functions((&[HELPER + 1, 7 + 1][..]).into()));
        module.section(&elements);
        let mut code = CodeSection::new();
        for number in 0..FUNCTIONS {
            let mut function = Function::new([(2, ValType::I32)]);
            function.instruction(&Instruction::Call(0)).instruction(&Instruction::Call(HELPER + 1));
            for value in [number as i32, i32::MIN] {
                function.instruction(&Instruction::I32Const(value)).instruction(&Instruction::Drop);
            }
            function.instruction(&Instruction::End);
            code.function(&function);
        }
        module.section(&code);
        module.finish()
    }

    /// What each exported function does, and what is in the table: constants of globals written as such, calls as the number of the called.
    fn meaning(module: &[u8]) -> (BTreeMap<String, Vec<String>>, Vec<String>) {
        let (mut names, mut constants, mut bodies, mut table) = (BTreeMap::new(), Vec::new(), Vec::new(), Vec::new());
        for payload in Parser::new(0).parse_all(module) {
            match payload.unwrap() {
                Payload::GlobalSection(globals) => {
                    for global in globals {
                        let expression = global.unwrap().init_expr;
                        let Operator::I32Const { value } = expression.get_operators_reader().read().unwrap() else {
                            panic!("a global of another kind");
                        };
                        constants.push(value);
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export.unwrap();
                        names.insert(export.index, export.name.to_owned());
                    }
                }
                Payload::ElementSection(elements) => {
                    for element in elements {
                        let wasmparser::ElementItems::Functions(items) = element.unwrap().items else {
                            panic!("elements of another kind");
                        };
                        table.extend(items.into_iter().map(|index| index.unwrap()));
                    }
                }
                Payload::CodeSectionEntry(body) => bodies.push(body),
                _ => {}
            }
        }
        let name = |index: &u32| names.get(index).cloned().unwrap_or_else(|| "the import".to_owned());
        let says = |body: &FunctionBody<'_>| {
            let operators = body.get_operators_reader().unwrap().into_iter().map(|operator| match operator.unwrap() {
                Operator::Call { function_index } => format!("call {}", name(&function_index)),
                Operator::I32Const { value } => format!("push {value}"),
                Operator::GlobalGet { global_index } => format!("push {}", constants[global_index as usize]),
                other => format!("{other:?}"),
            });
            operators.collect()
        };
        let functions = bodies.iter().zip(1..).map(|(body, index)| (name(&index), says(body))).collect();
        (functions, table.iter().map(name).collect())
    }

    #[test]
    fn means_the_same_in_fewer_bytes() {
        let module = module();
        let packed = pack(&module).unwrap();
        assert_eq!(meaning(&packed), meaning(&module));
        let functions = meaning(&packed).0;
        assert_eq!(functions.len(), FUNCTIONS as usize);
        assert_eq!(functions["7"][..3], ["call the import", "call 250", "push 7"]);
        // Of each function, four bytes of the constant and one of the call.
        assert!(packed.len() < module.len() - 5 * FUNCTIONS as usize + 100);
        assert_eq!(pack(&packed).unwrap(), packed);
    }

    #[test]
    fn refuses_what_is_no_module() {
        let module = module();
        assert!(pack(&module[..module.len() - 1]).is_err());
        assert!(pack(b"").is_err());
    }
}
