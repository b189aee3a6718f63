// SPDX-License-Identifier: GPL-3.0-or-later
// The classes to choose from: one button each with key cap, coloured shape and name, and the three ways out.
#pragma once

#include <QAbstractButton>
#include <QStringList>
#include <QWidget>

#include <vector>

class QVBoxLayout;

namespace foveate::ui {

/// A key cap, a sign, a name: a class (coloured shape), or with index −1 another way out (an icon, no frame).
/// Colour is never the only sign.
class ClassButton : public QAbstractButton {
    Q_OBJECT
public:
    ClassButton(int index, const QString& name, const QString& key, QWidget* parent, const QString& iconName = {});
    int index() const { return m_index; }
    QString key() const { return m_key; }
    /// The image's present label (when going back to change it).
    void setChosen(bool chosen);
    bool chosen() const { return m_chosen; }
    /// Lit for a moment after its key was pressed.
    void flash();
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void drawFrame(QPainter& painter) const;
    void drawCap(QPainter& painter, const QRectF& box) const;
    void drawSign(QPainter& painter, const QRectF& box) const;

    int m_index;
    QString m_key;
    QString m_iconName;
    bool m_chosen = false;
    bool m_lit = false;
};

class ClassPanel : public QWidget {
    Q_OBJECT
public:
    explicit ClassPanel(QWidget* parent = nullptr);
    void setClasses(const QStringList& names);
    void setChosen(const std::vector<std::size_t>& indices);
    void flash(int index);
    void setArmed(bool armed);
    int count() const { return int(m_buttons.size()); }
    ClassButton* button(int index) const { return m_buttons.at(index); }

Q_SIGNALS:
    void chosen(int index);

private:
    QVBoxLayout* m_column;
    QList<ClassButton*> m_buttons;
};

/// "1" … "9", "0", then "⇧1" … "⇧0"; empty from the 21st on.
QString classKey(int index);

} // namespace foveate::ui
