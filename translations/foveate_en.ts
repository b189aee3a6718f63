<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en_US">
<context>
    <name>foveate::ui::ReadPage</name>
    <message numerus="yes">
        <source>%n label(s)</source>
        <translation>
            <numerusform>%n label</numerusform>
            <numerusform>%n labels</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>What the model of %n label(s) used, not a lesion outline.</source>
        <translation>
            <numerusform>What the model of %n label used, not a lesion outline.</numerusform>
            <numerusform>What the model of %n labels used, not a lesion outline.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>foveate::ui::TrainPage</name>
    <message numerus="yes">
        <source>%n labelled image(s), each by a model that had not seen its patient. Rows: the label, columns: the model.</source>
        <translation>
            <numerusform>%n labelled image, by a model that had not seen its patient. Rows: the label, columns: the model.</numerusform>
            <numerusform>%n labelled images, each by a model that had not seen its patient. Rows: the label, columns: the model.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n image(s). Rows: what is known, columns: the model.</source>
        <translation>
            <numerusform>%n image. Rows: what is known, columns: the model.</numerusform>
            <numerusform>%n images. Rows: what is known, columns: the model.</numerusform>
        </translation>
    </message>
</context>
</TS>
